/* Drawing on canvases: sizes in CSS pixels, colours of the page's style, a frame of data units, axes. */

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/* Five stops of cividis (Nuñez, Anderton & Renslow 2018), even for colour-blind eyes; t in [0, 1]. */
const CIVIDIS = [[0, 32, 77], [88, 92, 107], [124, 123, 120], [188, 175, 111], [255, 234, 70]];

function cividis(t) {
  const at = Math.min(Math.max(t, 0), 1) * (CIVIDIS.length - 1);
  const k = Math.min(Math.floor(at), CIVIDIS.length - 2);
  return CIVIDIS[k].map((value, c) => Math.round(value + (at - k) * (CIVIDIS[k + 1][c] - value)));
}

const cividisCss = (t) => `rgb(${cividis(t).join(",")})`;

/* The canvas cleared, at the screen's own resolution; sizes in CSS pixels. */
function prepared(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/* Maps of the square [−half, half]² onto the middle of a canvas. */
function framed(canvas, half) {
  const place = prepared(canvas);
  const side = Math.min(place.width, place.height);
  const unit = side / (2 * half);
  const [left, top] = [(place.width - side) / 2, (place.height - side) / 2];
  return {
    ...place,
    unit,
    side,
    left,
    top,
    x: (x) => left + (x + half) * unit,
    y: (y) => top + (half - y) * unit,
    back: (px, py) => [(px - left) / unit - half, half - (py - top) / unit],
  };
}

function dots(frame, points, radius, fill) {
  const { context } = frame;
  context.fillStyle = fill;
  context.beginPath();
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [frame.x(points[i]), frame.y(points[i + 1])];
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
}

function diamonds(frame, points, radius, fill) {
  const { context } = frame;
  context.fillStyle = fill;
  context.beginPath();
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [frame.x(points[i]), frame.y(points[i + 1])];
    context.moveTo(x, y - radius);
    context.lineTo(x + radius, y);
    context.lineTo(x, y + radius);
    context.lineTo(x - radius, y);
    context.closePath();
  }
  context.fill();
}

function arrow(context, x, y, dx, dy) {
  const length = Math.hypot(dx, dy);
  if (length < 1) return;
  const head = Math.min(5, length / 2);
  const [ux, uy] = [dx / length, dy / length];
  context.moveTo(x, y);
  context.lineTo(x + dx, y + dy);
  context.moveTo(x + dx - head * (ux - uy / 2), y + dy - head * (uy + ux / 2));
  context.lineTo(x + dx, y + dy);
  context.lineTo(x + dx - head * (ux + uy / 2), y + dy - head * (uy - ux / 2));
}

const short = (value) => (Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-2) ? value.toExponential(1) : String(Number(value.toPrecision(3))));

/* A plot's frame with its ranges written on it: maps of [x0, x1] × [y0, y1]. */
function axes(canvas, [x0, x1], [y0, y1], { xLabel = "", ends = true } = {}) {
  const place = prepared(canvas);
  const { context, width, height } = place;
  const [left, right, top, bottom] = [58, width - 12, 12, height - 34];
  context.strokeStyle = colour("line");
  context.lineWidth = 1;
  context.strokeRect(left, top, right - left, bottom - top);
  context.fillStyle = colour("dim");
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "right";
  context.fillText(short(y1), left - 6, top + 10);
  context.fillText(short(y0), left - 6, bottom);
  context.textAlign = "center";
  if (ends) {
    context.textAlign = "left";
    context.fillText(short(x0), left, bottom + 16);
    context.textAlign = "right";
    context.fillText(short(x1), right, bottom + 16);
    context.textAlign = "center";
  }
  context.fillText(xLabel, (left + right) / 2, bottom + 28);
  const [spanX, spanY] = [x1 - x0 || 1, y1 - y0 || 1];
  return {
    ...place,
    left,
    right,
    top,
    bottom,
    x: (x) => left + ((x - x0) / spanX) * (right - left),
    y: (y) => bottom - ((y - y0) / spanY) * (bottom - top),
  };
}

function curve(plot, xs, ys, stroke, dash = []) {
  const { context } = plot;
  context.strokeStyle = stroke;
  context.lineWidth = 2;
  context.setLineDash(dash);
  context.beginPath();
  xs.forEach((x, i) => context[i ? "lineTo" : "moveTo"](plot.x(x), plot.y(ys[i])));
  context.stroke();
  context.setLineDash([]);
}
