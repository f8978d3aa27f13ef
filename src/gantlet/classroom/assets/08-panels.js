/* The five pictures of a game: points, the discriminator's surface, its weights, modes and losses over the steps. */

const HALF = 2.5; // the square in view, [−HALF, HALF]²
const CELLS = 48; // of the surface, along a side
const ARROWS = 11;

function drawGamePoints(canvas, real, fake, data) {
  const frame = framed(canvas, HALF);
  dots(frame, real, 1.6, colour("real"));
  const { distance } = nearestCentres(fake, data);
  const [near, far] = [[], []];
  distance.forEach((d, i) => (d <= REACH ? near : far).push(fake[2 * i], fake[2 * i + 1]));
  diamonds(frame, far, 3, colour("lost"));
  dots(frame, near, 2.2, colour("fake"));
  const share = Math.round((100 * near.length) / fake.length);
  canvas.setAttribute("aria-label", `Real points of the data set, and ${fake.length / 2} generated ones: ${share} % of these lie within 3 sigma of a centre.`);
}

/* The middle points of a grid of n × n cells, rows from the top. */
function gridPoints(n) {
  const points = new Float64Array(2 * n * n);
  for (let row = 0, k = 0; row < n; row++) {
    for (let column = 0; column < n; column++, k += 2) {
      points[k] = HALF * ((2 * column + 1) / n - 1);
      points[k + 1] = HALF * (1 - (2 * row + 1) / n);
    }
  }
  return points;
}

const slopesAt = (network, points) => network.slopes(network.forward(points, points.length / 2)).gradient;

function steepest(network) {
  const gradient = slopesAt(network, gridPoints(CELLS));
  let most = 0;
  for (let i = 0; i < gradient.length; i += 2) most = Math.max(most, Math.hypot(gradient[i], gradient[i + 1]));
  return most;
}

function drawSurface(canvas, caption, network, real) {
  const frame = framed(canvas, HALF);
  const { context } = frame;
  const values = network.forward(gridPoints(CELLS), CELLS * CELLS).out;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const picture = new ImageData(CELLS, CELLS);
  values.forEach((value, i) => picture.data.set([...cividis((value - low) / (high - low || 1)), 255], 4 * i));
  const small = document.createElement("canvas");
  small.width = small.height = CELLS;
  small.getContext("2d").putImageData(picture, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, frame.left, frame.top, frame.side, frame.side);
  dots(frame, real.subarray(0, 400), 1, "rgba(255,255,255,.55)");
  drawArrows(frame, network);
  const slope = short(steepest(network));
  caption.textContent = `from ${short(low)} to ${short(high)}; steepest slope in view ${slope}.`;
  canvas.setAttribute("aria-label", `The discriminator's value over the plane, from ${short(low)} to ${short(high)}, with arrows along its gradient; the steepest slope in view is ${slope}.`);
}

function drawArrows(frame, network) {
  const points = gridPoints(ARROWS);
  const gradient = slopesAt(network, points);
  let most = 1e-12;
  for (let i = 0; i < gradient.length; i += 2) most = Math.max(most, Math.hypot(gradient[i], gradient[i + 1]));
  const longest = (0.9 * frame.side) / ARROWS;
  const { context } = frame;
  for (const [stroke, width] of [["rgba(0,0,0,.65)", 3.2], ["#fff", 1.3]]) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [dx, dy] = [(gradient[i] / most) * longest, (-gradient[i + 1] / most) * longest];
      arrow(context, frame.x(points[i]) - dx / 2, frame.y(points[i + 1]) - dy / 2, dx, dy);
    }
    context.stroke();
  }
}

function drawWeights(canvas, caption, values, clip) {
  const reach = clip ? 1.05 * clip : Math.max(...values.map(Math.abs)) || 1;
  const bins = 41;
  const counts = new Array(bins).fill(0);
  values.forEach((value) => counts[Math.min(bins - 1, Math.floor(((value + reach) / (2 * reach)) * bins))]++);
  const plot = axes(canvas, [-reach, reach], [0, Math.max(...counts)], { xLabel: "weight" });
  const { context } = plot;
  const width = (plot.right - plot.left) / bins;
  context.fillStyle = colour("fake");
  counts.forEach((count, k) => context.fillRect(plot.left + k * width + 0.5, plot.y(count), width - 1, plot.bottom - plot.y(count)));
  const limit = clip || reach;
  const share = values.filter((value) => Math.abs(value) >= 0.95 * limit).length / values.length;
  const words = `${(100 * share).toFixed(1)} % of ${values.length} weights lie within 5 % of ${clip ? `the limits ±${clip}` : `the largest, ±${short(reach)}`}.`;
  caption.textContent = `All weights and biases of the discriminator: ${words}`;
  canvas.setAttribute("aria-label", `Histogram of the discriminator's weights: ${words}`);
}

function drawModes(canvas, caption, history, step, data) {
  const xs = history.map((entry) => entry.step);
  const last = Math.max(xs[xs.length - 1], 1);
  const plot = axes(canvas, [0, last], [0, data.pieces], { xLabel: "steps" });
  const { context } = plot;
  context.fillStyle = colour("fake");
  context.globalAlpha = 0.25;
  context.beginPath();
  history.forEach(({ count, step: x }, i) => context[i ? "lineTo" : "moveTo"](plot.x(x), plot.y(count.high)));
  [...history].reverse().forEach(({ count, step: x }) => context.lineTo(plot.x(x), plot.y(count.low)));
  context.fill();
  context.globalAlpha = 1;
  curve(plot, xs, history.map(({ count }) => count.modes), colour("fake"));
  curve(plot, xs, history.map(({ count }) => data.pieces * count.good.value), colour("lost"), [5, 3]);
  marker(plot, step);
  const words = `${data.counted} found of ${data.pieces} with their 95 % interval`;
  caption.replaceChildren(key("d"), ` ${words}; `, key("g"), ` share of points within 3σ of a centre (top: all).`);
  canvas.setAttribute("aria-label", `Over ${last} steps: ${words}; the newest is ${history[history.length - 1].count.modes}.`);
}

function key(name) {
  const mark = document.createElement("span");
  mark.className = `key ${name}`;
  return mark;
}

function drawLosses(canvas, history, step) {
  const known = history.filter((entry) => entry.losses);
  if (!known.length) {
    axes(canvas, [0, 1], [0, 1], { xLabel: "steps" });
    return;
  }
  const all = known.flatMap(({ losses }) => [losses.d_loss, losses.g_loss]).filter(Number.isFinite).sort((a, b) => a - b);
  const [low, high] = [all[Math.floor(0.01 * all.length)], all[Math.min(all.length - 1, Math.ceil(0.99 * all.length))]];
  const xs = known.map((entry) => entry.step);
  const plot = axes(canvas, [0, xs[xs.length - 1]], [low, high], { xLabel: "steps" });
  const { context } = plot;
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top);
  context.clip();
  curve(plot, xs, known.map(({ losses }) => losses.d_loss), colour("fake"));
  curve(plot, xs, known.map(({ losses }) => losses.g_loss), colour("lost"), [5, 3]);
  context.restore();
  marker(plot, step);
  const { losses } = known[known.length - 1];
  canvas.setAttribute("aria-label", `Losses over ${xs[xs.length - 1]} steps; the newest: discriminator ${short(losses.d_loss)}, generator ${short(losses.g_loss)}.`);
}

function marker(plot, step) {
  const { context } = plot;
  context.strokeStyle = colour("dim");
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(plot.x(step), plot.top);
  context.lineTo(plot.x(step), plot.bottom);
  context.stroke();
}
