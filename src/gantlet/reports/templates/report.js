// The page's own script: training over time, figures, pictures saved as PNG. It makes no request.
const slider = document.getElementById("slider");
const play = document.getElementById("play");
const still = matchMedia("(prefers-reduced-motion: reduce)");
let timer = 0;
function frame(k) {
  const g = grids[k], steps = g.step.toLocaleString("en");
  slider.value = k;
  document.getElementById("grid").src = g.source;
  document.getElementById("grid").alt = `generated images after ${steps} steps`;
  document.getElementById("step").textContent = steps;
  slider.setAttribute("aria-valuetext", `${steps} steps`);
}
function pause() {
  clearInterval(timer);
  timer = 0;
  if (play) play.textContent = "▶ play";
}
function start() {
  if (Number(slider.value) === grids.length - 1) frame(0);
  play.textContent = "❚❚ pause";
  timer = setInterval(() => {
    const next = Number(slider.value) + 1;
    if (next < grids.length) frame(next);
    if (next >= grids.length - 1) pause();
  }, Math.min(700, Math.max(150, 6000 / grids.length)));
}
if (slider) slider.addEventListener("input", () => { pause(); frame(Number(slider.value)); });
if (play) {
  play.addEventListener("click", () => timer ? pause() : start());
  const seen = new IntersectionObserver(entries => {  // once, when it comes into view
    if (!entries.some(entry => entry.isIntersecting)) return;
    seen.disconnect();
    if (!still.matches && !timer) start();
  }, {threshold: 0.6});
  seen.observe(document.getElementById("grid"));
  still.addEventListener("change", () => { if (still.matches) pause(); });
  addEventListener("beforeprint", () => { pause(); frame(grids.length - 1); });
}

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
function layoutOf(figure, changes = {}) {
  const axis = {gridcolor: css("--line"), zerolinecolor: css("--line"), automargin: true};
  const titled = text => text ? {text: text} : undefined;
  const layout = {paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: {color: css("--ink")}, margin: {t: 10, r: 10, b: 45, l: 55},
    colorway: [css("--good"), css("--accent")], legend: {orientation: "h", y: 1.12}, ...figure.layout, ...changes};
  for (const side of ["xaxis", "yaxis"]) layout[side] = {...axis, ...figure.layout[side], title: titled(figure.layout[side].title)};
  return layout;
}
function draw() {
  for (const [name, figure] of Object.entries(plots)) {
    const place = document.getElementById("plot-" + name);
    if (place) Plotly.react(place, figure.data, layoutOf(figure), {responsive: true, displayModeBar: false});
  }
}
document.querySelectorAll(".plot").forEach(p => { if (!(p.id.slice(5) in plots)) p.parentElement.remove(); });
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
const paper = matchMedia("print");
function fit() {  // a figure that was drawn for the screen is wider than a sheet of paper
  document.querySelectorAll(".plot").forEach(p => Plotly.relayout(p, {width: p.parentElement.clientWidth, height: p.clientHeight}));
}
paper.addEventListener("change", () => paper.matches ? fit() : draw());
addEventListener("beforeprint", fit);
addEventListener("afterprint", draw);

function download(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = `${title} ${name}`.replace(/[^\w.-]+/g, "-").replace(/^-+|-+$/g, "") + ".png";
  link.click();
}
async function savePlot(name) {
  const figure = plots[name], layout = layoutOf(figure, {paper_bgcolor: css("--card"), width: 900, height: 420});
  download(await Plotly.toImage({data: figure.data, layout: layout}, {format: "png", scale: 2, width: 900, height: 420}), name);
}
function saveFigures(section) {  // all pictures of a section on one sheet, with the words beside them
  const rows = [], words = section.querySelectorAll(".classed > h3, figure");
  for (const each of words) {
    if (each.tagName === "H3" || !section.querySelector(".classed")) rows.push({label: each.tagName === "H3" ? each.textContent : "", cells: []});
    if (each.tagName === "FIGURE") rows[rows.length - 1].cells.push({image: each.querySelector("img"), word: each.querySelector("figcaption").textContent});
  }
  const width = 480, line = 22, gap = 8, columns = Math.max(...rows.map(row => row.cells.length));
  const height = cell => cell.image ? Math.round(width * cell.image.naturalHeight / cell.image.naturalWidth) : line;
  const tall = rows.map(row => Math.max(...row.cells.map(height)) + line + gap);
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  canvas.width = columns * (width + gap) + gap;
  canvas.height = tall.reduce((sum, each) => sum + each, gap);
  pen.fillStyle = css("--card");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = false;
  pen.font = "15px system-ui, sans-serif";
  let top = gap;
  rows.forEach((row, i) => {
    row.cells.forEach((cell, k) => {
      const left = gap + k * (width + gap);
      pen.fillStyle = css("--ink");
      pen.fillText([row.label, cell.word, cell.image ? "" : "none"].filter(Boolean).join(": "), left, top + 15);
      if (cell.image) pen.drawImage(cell.image, left, top + line, width, height(cell));
    });
    top += tall[i];
  });
  download(canvas.toDataURL("image/png"), section.id);
}
document.querySelectorAll("[data-plot]").forEach(b => b.addEventListener("click", () => savePlot(b.dataset.plot)));
document.querySelectorAll("[data-save]").forEach(b => b.addEventListener("click", () => b.dataset.save === "grid"
  ? download(document.getElementById("grid").src, `step ${grids[slider.value].step}`)
  : saveFigures(document.getElementById(b.dataset.save))));
