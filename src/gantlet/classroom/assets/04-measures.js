/* Measures of points on a known mixture, as gantlet's metrics `modes` and `high_quality` have them. */

const REACH = 3;
const NORMAL_975 = 1.959963984540054;

/* The nearest centre of each point [n, 2], and the distance to it in standard deviations. */
function nearestCentres(points, data) {
  const n = points.length / 2;
  const [which, distance] = [new Int32Array(n), new Float64Array(n)];
  const flat = Float64Array.from(data.centres.flat());
  for (let i = 0; i < n; i++) {
    let best = Infinity;
    for (let c = 0; c < flat.length; c += 2) {
      const [dx, dy] = [points[2 * i] - flat[c], points[2 * i + 1] - flat[c + 1]];
      const square = dx * dx + dy * dy;
      if (square < best) {
        best = square;
        which[i] = c / 2;
      }
    }
    distance[i] = Math.sqrt(best) / data.sigma;
  }
  return { which, distance };
}

/* The piece of a centre: consecutive centres in parts of equal mass (a mode is a piece of one centre). */
const pieceOf = (centre, data) => Math.floor((centre * data.pieces) / data.centres.length);

/* Points within 3σ of a centre count for its piece; the interval is for the number of pieces that a new draw of as many hits:
   Poisson, variance max(Σ exp(−c)(1 − exp(−c)) over pieces hit, ¾ of those hit once), at most k/4; upwards, where a piece was missed,
   one more is taken as hit once. */
function countModes(points, data) {
  const { which, distance } = nearestCentres(points, data);
  const counts = new Array(data.pieces).fill(0);
  let good = 0;
  distance.forEach((d, i) => {
    if (d > REACH) return;
    good += 1;
    counts[pieceOf(which[i], data)] += 1;
  });
  const hit = counts.filter((c) => c > 0);
  const seen = hit.reduce((sum, c) => sum + Math.exp(-c) * (1 - Math.exp(-c)), 0);
  const once = counts.filter((c) => c === 1).length;
  const half = (ones) => NORMAL_975 * Math.sqrt(Math.min(data.pieces / 4, Math.max(seen, 0.75 * ones)));
  return {
    counts,
    modes: hit.length,
    low: Math.max(0, hit.length - half(once)),
    high: Math.min(data.pieces, hit.length + half(once + (hit.length < data.pieces ? 1 : 0))),
    good: wilson(good, points.length / 2),
  };
}

/* A share with Wilson's 95 % interval (Wilson 1927). */
function wilson(successes, n) {
  const [z, p] = [NORMAL_975, successes / n];
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { value: p, low: Math.max(0, Math.min(centre - half, p)), high: Math.min(1, Math.max(centre + half, p)) };
}
