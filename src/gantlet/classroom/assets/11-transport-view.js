/* The transport's controls and its two pictures: cells of the square, and the points that they go to. */

const solver = { transport: null, data: null, at: 0, timer: null };
const UNITS = HALF;

function startTransport() {
  clearInterval(solver.timer);
  solver.data = shapes[element("data").value];
  solver.transport = new Transport(drawTargets(solver.data, new Random(7)), UNITS);
  solver.at = 0;
  element("ot-cell").max = solver.transport.targets.length;
  element("ot-cell").value = 0;
  showTransport();
}

function stepTransport() {
  const { transport } = solver;
  transport.look(transport.path[transport.path.length - 1]);
  transport.step();
  solver.at = transport.path.length - 1;
  showTransport();
}

function playTransport() {
  clearInterval(solver.timer);
  solver.timer = setInterval(() => {
    stepTransport();
    if (solver.transport.done) clearInterval(solver.timer);
  }, 450);
}

function showTransport() {
  const { transport, data, at } = solver;
  transport.look(transport.path[at]);
  const scrub = element("ot-scrub");
  scrub.max = transport.path.length - 1;
  scrub.value = at;
  element("ot-at").textContent = at;
  const limit = Number(element("ot-far").value);
  element("ot-far-at").textContent = limit.toFixed(1);
  const chosen = Number(element("ot-cell").value) - 1;
  element("ot-cell-at").textContent = chosen < 0 ? "none" : chosen + 1;
  const singular = transport.singular(data.each - 1, limit);
  drawCells(element("cells"), transport, singular, chosen);
  drawTargetPoints(element("targets"), transport, chosen);
  const length = singular.reduce((sum, edge) => sum + edge.length, 0);
  const n = transport.targets.length;
  const words = `${n} cells; largest error of an area ${transport.error.toExponential(1)} of its share${transport.error < 1e-6 ? ": solved" : ""}; ` +
    `the map jumps along ${short(length)} units of edges (the square's side has ${2 * UNITS}).`;
  const about = chosen < 0 ? "" : ` Cell ${chosen + 1} has ${(100 * transport.masses[chosen] * n).toFixed(2)} % of its share of the area.`;
  element("ot-status").textContent = words + about;
  element("cells").setAttribute("aria-label", `The square, cut into power cells: ${words}${about}`);
  element("targets").setAttribute("aria-label", `The ${n} points of the data that the cells go to, in the cells' colours.`);
}

const targetColour = (i, n) => cividisCss(n > 1 ? i / (n - 1) : 0);

function drawCells(canvas, transport, singular, chosen) {
  const view = framed(canvas, UNITS);
  const { context } = view;
  const { cells, targets } = transport;
  cells.forEach(({ corners }, i) => {
    if (!corners.length) return;
    context.beginPath();
    corners.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](view.x(x), view.y(y)));
    context.closePath();
    context.fillStyle = targetColour(i, targets.length);
    context.fill();
    context.strokeStyle = colour("cell");
    context.lineWidth = 1;
    context.stroke();
  });
  context.beginPath();
  for (const { ends } of singular) {
    context.moveTo(view.x(ends[0][0]), view.y(ends[0][1]));
    context.lineTo(view.x(ends[1][0]), view.y(ends[1][1]));
  }
  context.strokeStyle = colour("jump");
  context.lineWidth = 3.5;
  context.lineCap = "round";
  context.stroke();
  if (chosen >= 0 && cells[chosen].corners.length) outline(view, cells[chosen].corners, targets[chosen]);
}

/* The chosen cell, and an arrow from its middle to its point. */
function outline(view, corners, target) {
  const { context } = view;
  const middle = [0, 1].map((d) => corners.reduce((sum, corner) => sum + corner[d], 0) / corners.length);
  const from = [view.x(middle[0]), view.y(middle[1])];
  for (const [stroke, width] of [["#000", 5], ["#fff", 2]]) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.beginPath();
    corners.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](view.x(x), view.y(y)));
    context.closePath();
    arrow(context, ...from, view.x(target[0]) - from[0], view.y(target[1]) - from[1]);
    context.stroke();
  }
}

function drawTargetPoints(canvas, { targets }, chosen) {
  const view = framed(canvas, UNITS);
  const { context } = view;
  targets.forEach(([x, y], i) => {
    context.beginPath();
    context.arc(view.x(x), view.y(y), i === chosen ? 10 : 5.5, 0, 2 * Math.PI);
    context.fillStyle = targetColour(i, targets.length);
    context.fill();
    context.strokeStyle = i === chosen ? colour("jump") : colour("dim");
    context.lineWidth = i === chosen ? 4 : 1;
    context.stroke();
  });
}

function bindTransport() {
  element("ot-step").addEventListener("click", () => {
    clearInterval(solver.timer);
    stepTransport();
  });
  element("ot-play").addEventListener("click", playTransport);
  element("ot-scrub").addEventListener("input", (event) => {
    clearInterval(solver.timer);
    solver.at = Number(event.target.value);
    showTransport();
  });
  for (const id of ["ot-far", "ot-cell"]) element(id).addEventListener("input", showTransport);
  element("cells").addEventListener("pointerdown", (event) => {
    const box = event.target.getBoundingClientRect();
    const [x, y] = framedBack(event.target, event.clientX - box.left, event.clientY - box.top);
    if (Math.max(Math.abs(x), Math.abs(y)) > UNITS) return;
    element("ot-cell").value = solver.transport.owner(x, y) + 1;
    showTransport();
  });
}

/* Data units of a place on a framed canvas, without drawing. */
function framedBack(canvas, px, py) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const side = Math.min(width, height);
  return [((px - (width - side) / 2) / side) * 2 * UNITS - UNITS, UNITS - ((py - (height - side) / 2) / side) * 2 * UNITS];
}
