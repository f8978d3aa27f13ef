// Seeded latents, the way between two, and steps along directions. The numbers are the page's own, not those of Python.
"use strict";
const latents = (() => {
  // mulberry32: a 32-bit counter, mixed.
  function uniform(seed) {
    let state = (seed + 1) * 0x9e3779b1 | 0;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }
  // n·k numbers from N(0, 1) by Box and Muller; the first images of a seed do not depend on their number.
  function normal(seed, n, k) {
    const next = uniform(seed), z = new Float32Array(n * k);
    for (let i = 0; i < z.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - next())), angle = 2 * Math.PI * next();
      z[i] = radius * Math.cos(angle);
      if (i + 1 < z.length) z[i + 1] = radius * Math.sin(angle);
    }
    return z;
  }
  // The great circle from each row of a to that of b at t in [0, 1]: lengths stay those of latents, which straight ways shorten.
  function between(a, b, t, k) {
    const z = new Float32Array(a.length);
    for (let row = 0; row < a.length; row += k) {
      let dot = 0, one = 0, two = 0;
      for (let i = row; i < row + k; i++) { dot += a[i] * b[i]; one += a[i] * a[i]; two += b[i] * b[i]; }
      const angle = Math.acos(Math.min(1, Math.max(-1, dot / Math.sqrt(one * two)))), sine = Math.sin(angle);
      const p = sine < 1e-4 ? 1 - t : Math.sin((1 - t) * angle) / sine, q = sine < 1e-4 ? t : Math.sin(t * angle) / sine;
      for (let i = row; i < row + k; i++) z[i] = p * a[i] + q * b[i];
    }
    return z;
  }
  // Adds steps[j]·directions[j] to every row, in place.
  function move(z, directions, steps, k) {
    directions.forEach((direction, j) => {
      if (steps[j]) for (let i = 0; i < z.length; i++) z[i] += steps[j] * direction[i % k];
    });
    return z;
  }
  return { normal, between, move };
})();
