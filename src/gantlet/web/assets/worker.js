// Runs the generator beside the page, so that the page stays answerable.
"use strict";
importScripts("onnx.js", "gemm.js", "operators.js", "products.js");

const AT_ONCE = 16 * 32 * 32; // pixels of a batch: what bounds the memory
let model = null;

async function load() {
  const answer = await fetch("generator.onnx");
  if (!answer.ok) throw new Error(`generator.onnx cannot be read (${answer.status})`);
  model = onnx.read(new Uint8Array(await answer.arrayBuffer()));
}

// z: n × latent numbers, labels: n or none. Returns n images of side × side × channels bytes: round((x + 1)·127.5), clamped.
function draw({ z, n, labels, latent, side, channels }) {
  const area = side * side, pixels = new Uint8ClampedArray(n * area * channels), many = Math.max(1, Math.floor(AT_ONCE / area));
  for (let first = 0; first < n; first += many) {
    const count = Math.min(many, n - first), inputs = { z: { dims: [count, latent], data: z.slice(first * latent, (first + count) * latent) } };
    if (labels) inputs.labels = { dims: [count], data: Float64Array.from(labels.slice(first, first + count)) };
    const images = runModel(model, inputs);
    if (images.dims.join() !== [count, channels, side, side].join()) throw new Error(`the model gives ${images.dims}, not images`);
    for (let i = 0, to = first * area * channels; i < count; i++) {
      for (let p = 0; p < area; p++) {
        for (let c = 0; c < channels; c++) pixels[to++] = (images.data[(i * channels + c) * area + p] + 1) * 127.5;
      }
    }
  }
  return pixels;
}

const loading = load();
onmessage = async ({ data }) => {
  try {
    await loading;
    if (data.simd !== undefined) gemm.start(data.simd); // the tests' way to the plain loop
    const start = performance.now(), pixels = draw(data);
    postMessage({ id: data.id, pixels, ms: performance.now() - start, simd: gemm.simd() }, [pixels.buffer]);
  } catch (error) {
    postMessage({ id: data.id, error: error.message });
  }
};
