// C = A·B in float32, all heavy work of a generator. The inner loop is 4 × 8 numbers of C at a time in SIMD registers of
// WebAssembly; its 300 bytes are assembled here. A browser without SIMD takes the same loop in plain JavaScript.
"use strict";
const gemm = (() => {
  const unsigned = (n) => { const bytes = []; do { bytes.push((n & 127) | (n > 127 ? 128 : 0)); n >>>= 7; } while (n); return bytes; };
  const signed = (n) => {
    for (const bytes = []; ;) {
      const low = n & 127;
      n >>= 7;
      if ((n === 0 && !(low & 64)) || (n === -1 && low & 64)) return [...bytes, low];
      bytes.push(low | 128);
    }
  };
  const section = (id, ...body) => { const bytes = body.flat(9); return [id, ...unsigned(bytes.length), ...bytes]; };
  const name = (word) => [word.length, ...[...word].map((letter) => letter.charCodeAt(0))];

  // kernel(a, b, c, K, stride): adds nothing, writes C[4][8] at c. A: four rows of K at a; B: K rows of 8 at b; all in bytes.
  function assemble() {
    const [A, B, C, K, STRIDE, AT, B0, B1, SUM] = [0, 1, 2, 3, 4, 5, 6, 7, 8]; // SUM … SUM + 7: accumulators; then a spare
    const get = (local) => [0x20, ...unsigned(local)], set = (local) => [0x21, ...unsigned(local)];
    const number = (n) => [0x41, ...signed(n)], add = 0x6a, multiply = 0x6c, simd = (op) => [0xfd, ...unsigned(op)];
    const load = (offset) => [...simd(0), 0, ...unsigned(offset)], splat = [...simd(9), 2, 0], store = (offset) => [...simd(11), 0, ...unsigned(offset)];
    const body = [];
    for (let i = 0; i < 8; i++) body.push(...simd(12), ...new Array(16).fill(0), ...set(SUM + i));
    body.push(0x03, 0x40, get(B), load(0), set(B0), get(B), load(16), set(B1)); // loop
    for (let row = 0; row < 4; row++) {
      body.push(get(A), get(K), number(4 * row), multiply, add, splat, set(16));
      for (const [half, local] of [B0, B1].entries()) {
        body.push(get(16), get(local), simd(0xe6), get(SUM + 2 * row + half), simd(0xe4), set(SUM + 2 * row + half));
      }
    }
    body.push(get(A), number(4), add, set(A), get(B), number(32), add, set(B));
    body.push(get(AT), number(1), add, 0x22, AT, get(K), 0x49, 0x0d, 0, 0x0b); // while ++at < K
    for (let row = 0; row < 4; row++) {
      for (let half = 0; half < 2; half++) body.push(get(C), get(SUM + 2 * row + half), store(16 * half));
      body.push(get(C), get(STRIDE), add, set(C));
    }
    const locals = [2, 1, 0x7f, 11, 0x7b], code = [...locals, ...body.flat(9), 0x0b];
    return new Uint8Array([
      0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
      ...section(1, 1, 0x60, 5, new Array(5).fill(0x7f), 0),
      ...section(2, 1, name("e"), name("m"), 2, 0, 1),
      ...section(3, 1, 0), ...section(7, 1, name("k"), 0, 0), ...section(10, 1, unsigned(code.length), code),
    ]);
  }

  function plain(a, b, c, K, width, floats) {
    for (let row = 0; row < 4; row++) {
      for (let half = 0; half < 8; half += 4) {
        let c0 = 0, c1 = 0, c2 = 0, c3 = 0;
        for (let k = 0, at = b + half, from = a + row * K; k < K; k++, at += 8) {
          const x = floats[from + k];
          c0 += x * floats[at]; c1 += x * floats[at + 1]; c2 += x * floats[at + 2]; c3 += x * floats[at + 3];
        }
        const to = c + row * width + half;
        floats[to] = c0; floats[to + 1] = c1; floats[to + 2] = c2; floats[to + 3] = c3;
      }
    }
  }

  let memory = null, kernel = null;
  let floats = new Float32Array(0);
  function start(simd = true) {
    memory = kernel = null;
    try {
      if (!simd) return;
      memory = new WebAssembly.Memory({ initial: 1 });
      kernel = new WebAssembly.Instance(new WebAssembly.Module(assemble()), { e: { m: memory } }).exports.k;
    } catch { memory = kernel = null; } // no WebAssembly, no SIMD, or forbidden here
    finally { floats = memory ? new Float32Array(memory.buffer) : new Float32Array(0); }
  }
  function room(size) {
    if (floats.length >= size) return;
    if (memory) { memory.grow(Math.ceil((size * 4 - memory.buffer.byteLength) / 65536)); floats = new Float32Array(memory.buffer); }
    else floats = new Float32Array(size);
  }

  // Returns {floats, a, b, c, width} for a product of [M, K] and [K, N]: A's rows begin at a, each K long; B[k][n] lies at
  // b + (n >> 3)·8·K + 8·k + (n & 7); after `run` C[m][n] lies at c + m·width + n. What a caller does not write is zero.
  function prepare(M, N, K) {
    const rows = (M + 3) & ~3, width = (N + 7) & ~7, a = 0, b = (rows * K + 3) & ~3, c = b + width * K;
    room(c + rows * width);
    floats.fill(0, M * K, b);
    if (N < width) floats.fill(0, b + (width - 8) * K, c);
    const run = () => {
      for (let n = 0; n < width; n += 8) {
        for (let m = 0; m < rows; m += 4) {
          if (kernel) kernel(4 * (a + m * K), 4 * (b + n * K), 4 * (c + m * width + n), K, 4 * width);
          else plain(a + m * K, b + n * K, c + m * width + n, K, width, floats);
        }
      }
    };
    return { floats, a, b, c, width, run };
  }
  start();
  return { prepare, start, simd: () => kernel !== null };
})();
