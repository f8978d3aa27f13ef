"""Power diagrams of points in space inside a box: exact masses of the cells, their derivative and moments."""

from dataclasses import dataclass

import numpy as np
import scipy.spatial
from jaxtyping import Bool, Float64, Int64

from gantlet.core.errors import DataError
from gantlet.transport.continuous import Box
from gantlet.transport.power_diagram import CellMoments

FLAT = 1e-12
NEAR = 1.5
"""Sites nearer to a side than so many mean distances between sites are mirrored from the start."""
OUT = 1e-12
"""A vertex of a cell further outside the box, in units of its side, has its site mirrored."""
INSIDE = 0.99
ROUNDS = 100


@dataclass(frozen=True, eq=False)
class Faces:
    """The polygons that bound the cells: ``every`` [e, 2], the cells on both sides, −1 beyond the box; ``areas`` [e].

    ``triangles`` [t, 3, 3]: each polygon cut at its middle; ``face`` [t]: the polygon that a triangle belongs to. ``apex`` [n, 3]: a point of
    the box for each cell, from which its pyramids are counted with their signs; it need not lie in the cell. ``outward`` [e, 3]: from the
    first cell of a polygon to the second.
    """

    every: Int64[np.ndarray, "e 2"]
    areas: Float64[np.ndarray, " e"]
    triangles: Float64[np.ndarray, "t 3 3"]
    face: Int64[np.ndarray, " t"]
    apex: Float64[np.ndarray, "n 3"]
    outward: Float64[np.ndarray, "e 3"]

    @property
    def pair(self) -> Int64[np.ndarray, "i 2"]:
        """Return the neighbours across each inner polygon."""
        return self.every[self.every[:, 1] >= 0]

    @property
    def size(self) -> Float64[np.ndarray, " i"]:
        """Return the areas of the inner polygons."""
        return self.areas[self.every[:, 1] >= 0]


def faces(sites: Float64[np.ndarray, "n 3"], weights: Float64[np.ndarray, " n"], domain: Box) -> Faces:
    """Return the polygons of the power diagram of |x − y_i|² − g_i inside a box.

    The sites are moved into the box, where s·y + t has the cells of y. There a site's mirror image in a side, with its weight, ends its
    cell exactly on that side, and takes nothing from any cell inside; images are added until no cell has a vertex outside.
    The diagram is then the lower hull of (y, |y|² − g). Sites on one plane, one line, or a single one are served too.
    Raises: DataError where rounding leaves vertices outside. Source: Aurenhammer 1987, SIAM J. Comput. 16(1).
    """
    side = domain.high - domain.low
    middle, half = (sites.max(axis=0) + sites.min(axis=0)) / 2, np.ptp(sites, axis=0) / 2
    filled = half > 0
    scale = INSIDE * float((side[filled] / 2 / half[filled]).min()) if filled.any() else 1.0
    moved = scale * (sites - middle) + domain.centre
    shifted = np.square(moved).sum(axis=1) - scale * (np.square(sites).sum(axis=1) - weights)
    tets, centres, points = _regular(moved, shifted, domain)
    ends = np.sort(tets[:, EDGES].reshape(-1, 2), axis=1)
    corners = np.repeat(np.minimum(np.maximum(centres, domain.low), domain.high), len(EDGES), axis=0)
    own = ends[:, 0] < len(sites)
    return _polygons(ends[own], corners[own], points, moved)


def _regular(
    sites: Float64[np.ndarray, "n 3"], weights: Float64[np.ndarray, " n"], domain: Box
) -> tuple[Int64[np.ndarray, "t 4"], Float64[np.ndarray, "t 3"], Float64[np.ndarray, "p 3"]]:
    """Return the tetrahedra of the regular triangulation of sites and images, the power centre of each, and the points."""
    low, side, n = domain.low, domain.high - domain.low, len(sites)
    near = NEAR * float((side.prod() / n) ** (1 / 3))
    mirrored = np.stack([sites - low < near, domain.high - sites < near], axis=2)
    for _ in range(ROUNDS):
        points, lifted = _with_images(sites, weights, mirrored, domain)
        try:
            hull = scipy.spatial.ConvexHull(np.column_stack([points, lifted]), qhull_options="Qt")
        except scipy.spatial.QhullError as error:
            raise DataError(
                "the power diagram of the target points cannot be built (rounding); use semidiscrete-stochastic"
            ) from error
        down = hull.equations[:, 3] < -FLAT
        tets = hull.simplices[down].astype(np.int64)
        centres = domain.centre - hull.equations[down, :3] / (2 * hull.equations[down, 3:4])
        more = _leaving(tets, (centres - low) / side, n) & ~mirrored
        if not more.any():
            return tets, centres, points
        mirrored |= more
    raise DataError("the power diagram of the target points does not close (rounding); use semidiscrete-stochastic")


def _with_images(
    sites: Float64[np.ndarray, "n 3"],
    weights: Float64[np.ndarray, " n"],
    mirrored: Bool[np.ndarray, "n 3 2"],
    domain: Box,
) -> tuple[Float64[np.ndarray, "p 3"], Float64[np.ndarray, " p"]]:
    """Return the sites, their images and eight far points, about the box's centre, lifted to |y|² − g.

    The far points close the cells that reach out of the box and lie too high to be seen inside it.
    """
    site, axis, end = np.nonzero(mirrored)
    images = sites[site]
    wall = np.where(end == 1, domain.high[axis], domain.low[axis])
    images[np.arange(len(site)), axis] = 2 * wall - images[np.arange(len(site)), axis]
    side = domain.high - domain.low
    far = 2 * side * (np.indices((2, 2, 2)).reshape(3, -1).T * 2.0 - 1)
    points = np.vstack([np.vstack([sites, images]) - domain.centre, far])
    lifted = np.square(points[: -len(far)]).sum(axis=1) - np.concatenate([weights, weights[site]])
    # ⟨2x, far⟩ ≤ 2·|x|·|far| inside: a number above it and the others' own is never the lowest there.
    roof = float(lifted.max() + 2 * np.square(far[0]).sum())
    return points, np.append(lifted, np.full(len(far), roof))


def _leaving(tets: Int64[np.ndarray, "t 4"], places: Float64[np.ndarray, "t 3"], n: int) -> Bool[np.ndarray, "n 3 2"]:
    """Return which cells have a vertex beyond which side; ``places``: vertices in units of the box, [0, 1] inside."""
    found = np.zeros((n, 3, 2), dtype=bool)
    rows, columns = np.nonzero(tets < n)
    for axis in range(3):
        for end, out in enumerate((places[rows, axis] < -OUT, places[rows, axis] > 1 + OUT)):
            found[tets[rows[out], columns[out]], axis, end] = True
    return found


EDGES = np.array([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])


def _polygons(
    ends: Int64[np.ndarray, "c 2"],
    corners: Float64[np.ndarray, "c 3"],
    points: Float64[np.ndarray, "p 3"],
    apex: Float64[np.ndarray, "n 3"],
) -> Faces:
    """Return the polygons from their corners, each given with the two points that its edge of the triangulation joins.

    A polygon is convex, so the angle about the mean of its corners, seen along its edge, puts them in order.
    """
    _, first, which, count = np.unique(
        ends[:, 0] * len(points) + ends[:, 1], return_index=True, return_inverse=True, return_counts=True
    )
    pair = ends[first]
    mean = np.stack([np.bincount(which, corners[:, axis]) / count for axis in range(3)], axis=1)
    outward = points[pair[:, 1]] - points[pair[:, 0]]
    u, v = _across(outward)
    away = corners - mean[which]
    angle = np.arctan2((away * v[which]).sum(axis=1), (away * u[which]).sum(axis=1))
    order = np.lexsort((angle, which))
    start = np.cumsum(count) - count
    following = np.arange(1, len(order) + 1)
    following[start + count - 1] = start
    ring, face = corners[order], which[order]
    triangles = np.stack([mean[face], ring, ring[following]], axis=1)
    areas = np.bincount(face, _area(triangles), len(first))
    return Faces(np.where(pair < len(apex), pair, -1), areas, triangles, face, apex, outward)


def _across(along: Float64[np.ndarray, "e 3"]) -> tuple[Float64[np.ndarray, "e 3"], Float64[np.ndarray, "e 3"]]:
    """Return two unit vectors across each direction, and across each other."""
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    u = np.cross(along, np.eye(3)[np.abs(along).argmin(axis=1)])
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    return u, np.cross(along, u)


def _area(triangles: Float64[np.ndarray, "t 3 3"]) -> Float64[np.ndarray, " t"]:
    return np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1) / 2


def cell_moments(sites: Float64[np.ndarray, "n 3"], domain: Box, found: Faces) -> CellMoments:
    """Return the exact moments of the cells up to the second.

    W_i is the union of the tetrahedra of its apex with the triangles of its polygons (p, q, r, from the apex a), counted below 0 where the
    apex lies beyond: volume V = |det(p, q, r)|/6, ∫(x − a) = V (p + q + r)/4, ∫|x − a|² = V (|p|² + |q|² + |r|² + ⟨p, q⟩ + ⟨q, r⟩ + ⟨r, p⟩)/10.
    """
    n, apex = len(sites), found.apex
    volume, linear, square = np.zeros(n), np.zeros((n, 3)), np.zeros(n)
    for first in (True, False):
        owner = found.every[found.face, 0 if first else 1]
        kept = owner >= 0
        owner, towards = owner[kept], found.outward[found.face[kept]] * (1.0 if first else -1.0)
        spokes = found.triangles[kept] - apex[owner][:, None]
        flat = np.cross(spokes[:, 1] - spokes[:, 0], spokes[:, 2] - spokes[:, 0])
        part = np.copysign(np.abs((flat * spokes[:, 0]).sum(axis=1)), (spokes[:, 0] * towards).sum(axis=1)) / 6
        total = spokes.sum(axis=1)
        volume += np.bincount(owner, part, n)
        for axis in range(3):
            linear[:, axis] += np.bincount(owner, part * total[:, axis] / 4, n)
        lengths = np.square(spokes).sum(axis=(1, 2))
        square += np.bincount(owner, part * (lengths + np.square(total).sum(axis=1)) / 20, n)
    filled = volume > FLAT * domain.volume / n
    inverse = np.where(filled, 1 / np.where(filled, volume, 1.0), 0.0)
    shift = linear * inverse[:, None]
    spread = square * inverse - np.square(shift).sum(axis=1)
    centres = np.where(filled[:, None], apex + shift, sites)
    return CellMoments(volume / domain.volume, centres, np.maximum(spread, 0.0))  # below 0 is rounding
