/* Power diagrams in a square: each cell is clipped from the square by the half-planes of all other sites. */

/* The part of a convex polygon where n·x ≤ c. `tags[k]` names the side from corner k to the next; the cut gets `tag`. */
function clipHalfPlane({ corners, tags }, nx, ny, c, tag) {
  const out = { corners: [], tags: [] };
  const heights = corners.map(([x, y]) => nx * x + ny * y - c);
  for (let k = 0; k < corners.length; k++) {
    const next = (k + 1) % corners.length;
    const [here, there] = [heights[k], heights[next]];
    if (here <= 0) {
      out.corners.push(corners[k]);
      out.tags.push(tags[k]);
    }
    if (here <= 0 !== there <= 0) {
      const t = here / (here - there);
      out.corners.push([0, 1].map((d) => corners[k][d] + t * (corners[next][d] - corners[k][d])));
      out.tags.push(here <= 0 ? tag : tags[k]);
    }
  }
  return out.corners.length > 2 ? out : { corners: [], tags: [] };
}

/* Cells {x: |x − y_i|² − g_i ≤ |x − y_j|² − g_j for every j} in the square [−half, half]²; tag j: the side shared with cell j. */
function powerCells(sites, weights, half) {
  const square = [[-half, -half], [half, -half], [half, half], [-half, half]];
  const lifted = sites.map(([x, y], i) => x * x + y * y - weights[i]);
  return sites.map(([x, y], i) => {
    let cell = { corners: square, tags: [-1, -1, -1, -1] };
    for (let j = 0; j < sites.length && cell.corners.length; j++) {
      if (j === i) continue;
      cell = clipHalfPlane(cell, 2 * (sites[j][0] - x), 2 * (sites[j][1] - y), lifted[j] - lifted[i], j);
    }
    return cell;
  });
}

/* The area by the shoelace formula, about the first corner. */
function area({ corners }) {
  let sum = 0;
  for (let k = 1; k + 1 < corners.length; k++) {
    const [ax, ay] = [corners[k][0] - corners[0][0], corners[k][1] - corners[0][1]];
    const [bx, by] = [corners[k + 1][0] - corners[0][0], corners[k + 1][1] - corners[0][1]];
    sum += ax * by - ay * bx;
  }
  return sum / 2;
}

/* Every edge between two cells once: {i, j, ends, length}. */
function edgesOf(cells) {
  const edges = [];
  cells.forEach(({ corners, tags }, i) => {
    tags.forEach((j, k) => {
      if (j <= i) return;
      const ends = [corners[k], corners[(k + 1) % corners.length]];
      const length = Math.hypot(ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]);
      if (length > 0) edges.push({ i, j, ends, length });
    });
  });
  return edges;
}
