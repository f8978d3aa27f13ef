// The page: what is asked for, the grid of images, the keyboard. `window.gantlet` is for programs and tests.
"use strict";
const facts = JSON.parse(document.getElementById("facts").textContent);
const { latent, side, channels, classes, directions } = facts;
const $ = (id) => document.getElementById(id);
const worker = new Worker("worker.js");
const waiting = new Map();
let asked = 0, chosen = -1, busy = false, again = false, timer = 0, way = 1, shown = null;

worker.onmessage = ({ data }) => {
  const { done, failed } = waiting.get(data.id);
  waiting.delete(data.id);
  if (data.error) failed(new Error(data.error));
  else done(data);
};
worker.onerror = (event) => {
  event.preventDefault();
  tell(`The generator cannot run here: ${event.message || "its scripts cannot be read"}. Serve this folder with: python -m http.server`);
};
// Returns {pixels, ms}: n images of side × side × channels bytes.
function draw(z, labels, more = {}) {
  return new Promise((done, failed) => {
    const id = ++asked;
    waiting.set(id, { done, failed });
    worker.postMessage({ id, z, n: z.length / latent, labels, latent, side, channels, ...more });
  });
}

const whole = (field) => Math.min(Math.max(Math.floor(Number(field.value) || 0), 0), 2 ** 31 - 1);
const sliders = () => [...document.querySelectorAll("#directions input")];
const tell = (words) => { $("status").textContent = words; };

function request() {
  const n = Number($("number").value), t = Number($("way").value), seed = whole($("seed"));
  let z = latents.normal(seed, n, latent);
  if (t > 0) z = latents.between(z, latents.normal(whole($("to")), n, latent), t, latent);
  latents.move(z, directions, sliders().map((slider) => Number(slider.value)), latent);
  const labels = classes.length ? Array.from({ length: n }, (_, i) => (chosen < 0 ? i % classes.length : chosen)) : null;
  return { n, z, labels, seed, t };
}

// Draws what the controls say; while a drawing runs, only the newest wish is kept.
async function update() {
  if (busy) { again = true; return; }
  busy = true;
  document.body.classList.add("busy");
  try {
    do {
      again = false;
      const wish = request(), { pixels, ms } = await draw(wish.z, wish.labels);
      shown = { ...wish, pixels };
      paint($("images"), pixels, wish.n, 2);
      $("images").setAttribute("aria-label", describe(wish));
      tell(`${wish.n} ${wish.n === 1 ? "image" : "images"} in ${Math.round(ms)} ms`);
    } while (again);
  } catch (error) {
    tell(`The generator cannot run here: ${error.message}`);
  } finally {
    busy = false;
    document.body.classList.remove("busy");
  }
}
function describe({ n, seed, t }) {
  const which = classes.length ? (chosen < 0 ? ", classes in turn" : `, class ${classes[chosen]}`) : "";
  const moved = sliders().filter((slider) => Number(slider.value)).length;
  const from = t > 0 ? `${Math.round(100 * t)} % of the way from seed ${seed} to seed ${whole($("to"))}` : `seed ${seed}`;
  return `${n} generated ${n === 1 ? "image" : "images"}, ${from}${which}${moved ? `, moved along ${moved} of the directions` : ""}`;
}

// Puts images row by row on a canvas, one pixel of an image a pixel of the canvas.
function paint(canvas, pixels, n, gap) {
  const columns = Math.ceil(Math.sqrt(n)), rows = Math.ceil(n / columns), area = side * side;
  canvas.width = columns * (side + gap) - gap;
  canvas.height = rows * (side + gap) - gap;
  const context = canvas.getContext("2d");
  for (let i = 0; i < n; i++) {
    const image = new ImageData(side, side);
    for (let p = 0; p < area; p++) {
      const from = (i * area + p) * channels;
      for (let c = 0; c < 3; c++) image.data[4 * p + c] = pixels[from + (channels === 3 ? c : 0)];
      image.data[4 * p + 3] = 255;
    }
    context.putImageData(image, (i % columns) * (side + gap), Math.floor(i / columns) * (side + gap));
  }
  return canvas;
}
function download() {
  if (!shown) return;
  paint(document.createElement("canvas"), shown.pixels, shown.n, 0).toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `gantlet-seed-${shown.seed}${chosen < 0 ? "" : `-class-${chosen}`}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, "image/png");
}

function renew() {
  $("seed").value = crypto.getRandomValues(new Uint32Array(1))[0] % 1000000;
  update();
}
function label() {
  $("way-at").textContent = `${Math.round(100 * Number($("way").value))} %`;
  for (const slider of sliders()) {
    const words = Number(slider.value).toFixed(1).replace("-", "−");
    document.querySelector(`output[for="${slider.id}"]`).textContent = words;
  }
}
function reset() {
  for (const slider of sliders()) slider.value = 0;
  label();
  update();
}
function choose(button) {
  chosen = Number(button.dataset.label);
  for (const other of document.querySelectorAll("#classes button")) other.setAttribute("aria-pressed", String(other === button));
  update();
}
// There and back between the two seeds, one step when the last is drawn.
function play() {
  const on = timer !== 0;
  if (on) { clearInterval(timer); timer = 0; }
  else timer = setInterval(() => {
    if (busy) return;
    const t = Math.min(1, Math.max(0, Number($("way").value) + way * 0.02));
    if (t === 0 || t === 1) way = t ? -1 : 1;
    $("way").value = t;
    label();
    update();
  }, 60);
  $("play").textContent = on ? "Play" : "Pause";
}

$("new").onclick = renew;
$("download").onclick = download;
$("reset").onclick = reset;
$("play").onclick = play;
for (const id of ["seed", "to", "number"]) $(id).onchange = update;
for (const slider of [$("way"), ...sliders()]) slider.oninput = () => { label(); update(); };
for (const button of document.querySelectorAll("#classes button")) button.onclick = () => choose(button);
const keys = { n: renew, p: play, d: download, r: reset };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input[type=number]")) return;
  const action = keys[event.key.toLowerCase()];
  if (action) { event.preventDefault(); action(); }
});

window.gantlet = {
  facts,
  // Images [n·side·side·channels] as numbers in 0…255 for latents [n][latent] and labels [n] (or null).
  sample: async (z, labels = null, more = {}) => {
    const answer = await draw(Float32Array.from(z.flat()), labels, more);
    return { pixels: Array.from(answer.pixels), ms: answer.ms, simd: answer.simd };
  },
  shown: () => ({ ...shown, z: Array.from(shown.z), pixels: Array.from(shown.pixels) }),
  // Resolves when what the controls say is drawn, or has failed.
  settled: () => new Promise((done) => {
    const look = () => (busy ? setTimeout(look, 5) : done(shown !== null));
    look();
  }),
};
label();
update();
