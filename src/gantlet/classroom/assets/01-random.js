/* Seeded random numbers: xoshiro128** (Blackman & Vigna 2018, arXiv:1805.01407), seeded by splitmix32; normals by Box and Muller. */
class Random {
  constructor(seed) {
    let state = seed >>> 0;
    this.words = Array.from({ length: 4 }, () => {
      state = (state + 0x9e3779b9) >>> 0;
      let word = state ^ (state >>> 16);
      word = Math.imul(word, 0x21f0aaad);
      word ^= word >>> 15;
      word = Math.imul(word, 0x735a2d97);
      return (word ^ (word >>> 15)) >>> 0;
    });
    this.spare = null;
  }

  word() {
    const w = this.words;
    const turned = Math.imul(w[1], 5);
    const result = Math.imul((turned << 7) | (turned >>> 25), 9) >>> 0;
    const shifted = w[1] << 9;
    w[2] ^= w[0];
    w[3] ^= w[1];
    w[1] ^= w[2];
    w[0] ^= w[3];
    w[2] ^= shifted;
    w[3] = (w[3] << 11) | (w[3] >>> 21);
    return result;
  }

  /* A number of [0, 1) with 53 bits. */
  uniform() {
    return ((this.word() >>> 5) * 67108864 + (this.word() >>> 6)) / 9007199254740992;
  }

  below(n) {
    return Math.floor(this.uniform() * n);
  }

  normal() {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  normals(n) {
    return Float64Array.from({ length: n }, () => this.normal());
  }

  uniforms(n) {
    return Float64Array.from({ length: n }, () => this.uniform());
  }
}

/* n points [n, 2] of equal Gaussians with standard deviation sigma around the centres. */
function drawPoints(data, n, random) {
  const points = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const centre = data.centres[random.below(data.centres.length)];
    points[2 * i] = centre[0] + data.sigma * random.normal();
    points[2 * i + 1] = centre[1] + data.sigma * random.normal();
  }
  return points;
}
