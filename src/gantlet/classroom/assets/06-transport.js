/* Exact semi-discrete transport from the uniform square to points of equal mass, by damped Newton steps on the cells' areas
   (Kitagawa, Mérigot & Thibert 2019, arXiv:1603.05579, Alg. 1), and the singular set of its map. */

const HALVINGS = 40;

class Transport {
  constructor(targets, half) {
    Object.assign(this, { targets, half, steps: 0, done: false });
    this.weights = new Float64Array(targets.length);
    this.look();
    this.floor = Math.min(...this.masses, 1 / targets.length) / 2;
    this.path = [this.weights];
  }

  /* Cells, masses (shares of the square) and edges of these weights. */
  look(weights = this.weights) {
    const cells = powerCells(this.targets, weights, this.half);
    const masses = cells.map((cell) => area(cell) / (2 * this.half) ** 2);
    Object.assign(this, { weights, cells, masses, edges: edgesOf(cells) });
  }

  /* The largest |w_i n − 1|. */
  get error() {
    return Math.max(...this.masses.map((mass) => Math.abs(mass * this.masses.length - 1)));
  }

  /* One damped Newton step; sets `done` where the error is small, or no step lowers it further. */
  step(tolerance = 1e-8) {
    if (this.error <= tolerance) this.done = true;
    if (this.done) return;
    const [before, wanted] = [this.masses, 1 / this.targets.length];
    const missing = before.map((mass) => wanted - mass);
    const size = Math.hypot(...missing);
    const rise = [0, ...solve(this.derivative(), missing.slice(1))];
    const start = this.weights;
    for (let k = 0, rate = 1; k < HALVINGS; k++, rate /= 2) {
      this.look(start.map((weight, i) => weight + rate * rise[i]));
      const left = Math.hypot(...this.masses.map((mass) => wanted - mass));
      if (Math.min(...this.masses) >= this.floor && left <= (1 - rate / 2) * size) {
        this.steps += 1;
        this.path.push(this.weights);
        return;
      }
    }
    this.look(start);
    this.done = true;
  }

  solve(tolerance = 1e-8, most = 200) {
    for (let k = 0; k < most && !this.done; k++) this.step(tolerance);
    return this;
  }

  /* ∂w_i/∂g_j = −length_ij / (2 |y_i − y_j| area), rows and columns from 1 on: the first weight stays 0. */
  derivative() {
    const n = this.targets.length;
    const matrix = Array.from({ length: n - 1 }, () => new Float64Array(n - 1));
    for (const { i, j, length } of this.edges) {
      const flow = length / (2 * distance(this.targets[i], this.targets[j]) * (2 * this.half) ** 2);
      if (i > 0) {
        matrix[i - 1][j - 1] -= flow;
        matrix[j - 1][i - 1] -= flow;
        matrix[i - 1][i - 1] += flow;
      }
      matrix[j - 1][j - 1] += flow;
    }
    return matrix;
  }

  /* Edges across which the map jumps by more than `limit` local radii; a target's radius is the distance to its k-th neighbour. */
  singular(neighbours, limit) {
    const radius = this.targets.map((y) => {
      const sorted = this.targets.map((other) => distance(y, other)).sort((a, b) => a - b);
      return sorted[Math.min(neighbours, sorted.length - 1)];
    });
    return this.edges.filter(
      ({ i, j }) => distance(this.targets[i], this.targets[j]) / Math.max(radius[i], radius[j]) > limit,
    );
  }

  /* The cell that a point of the square lies in. */
  owner(x, y) {
    let [best, which] = [Infinity, 0];
    this.targets.forEach((target, i) => {
      const power = (x - target[0]) ** 2 + (y - target[1]) ** 2 - this.weights[i];
      if (power < best) [best, which] = [power, i];
    });
    return which;
  }
}

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/* Solve a positive definite system by Cholesky's factors. */
function solve(matrix, right) {
  const n = right.length;
  const factor = matrix.map((row) => row.slice());
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < j; k++) for (let i = j; i < n; i++) factor[i][j] -= factor[i][k] * factor[j][k];
    const root = Math.sqrt(factor[j][j]);
    for (let i = j; i < n; i++) factor[i][j] /= root;
  }
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= factor[i][k] * x[k];
    x[i] /= factor[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= factor[k][i] * x[k];
    x[i] /= factor[i][i];
  }
  return x;
}

/* Targets of equal mass: `each` drawn from every piece's own centres. */
function drawTargets(data, random) {
  const targets = [];
  const share = data.centres.length / data.pieces;
  for (let piece = 0; piece < data.pieces; piece++) {
    for (let k = 0; k < data.each; k++) {
      const [cx, cy] = data.centres[Math.floor(share * (piece + (k + 0.5) / data.each))];
      targets.push([cx + data.sigma * random.normal(), cy + data.sigma * random.normal()]);
    }
  }
  return targets;
}
