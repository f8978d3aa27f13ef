"""Power diagrams of points in the plane inside a convex polygon: exact masses and moments of the cells."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.spatial
from jaxtyping import Float64, Int64

from gantlet.core.errors import DataError
from gantlet.transport.continuous import Polygon
from gantlet.transport.strips import line_of, strips

FLAT = 1e-12


@dataclass(frozen=True, eq=False)
class Facets:
    """Edges between neighbouring cells, clipped to the polygon: ``pair`` [e, 2], ``ends`` [e, 2, 2], length > 0.

    ``side`` [e, 2]: the polygon's side that an end lies on, −1 where it is a vertex of the diagram.
    """

    pair: Int64[np.ndarray, "e 2"]
    ends: Float64[np.ndarray, "e 2 2"]
    side: Int64[np.ndarray, "e 2"]

    @property
    def size(self) -> Float64[np.ndarray, " e"]:
        """Return the lengths."""
        return np.linalg.norm(self.ends[:, 1] - self.ends[:, 0], axis=1)


def _lower_triangles(
    sites: Float64[np.ndarray, "n 2"], weights: Float64[np.ndarray, " n"]
) -> tuple[Int64[np.ndarray, "t 3"], Float64[np.ndarray, "t 2"]]:
    """Return the regular triangulation and the power centre of each triangle, by the lower hull of (y, |y|² − g).

    A facet z = ⟨a, x⟩ + b of the hull has its centre at a/2. A point high above keeps flat configurations solvable.
    Source: Aurenhammer 1987, SIAM J. Comput. 16(1).
    """
    centred = sites - sites.mean(axis=0)
    lifted = np.square(centred).sum(axis=1) - weights
    height = lifted.max() + max(float(np.ptp(lifted)), float(np.square(centred).sum(axis=1).max()))
    points = np.column_stack([np.vstack([centred, np.zeros(2)]), np.append(lifted, height)])
    try:
        hull = scipy.spatial.ConvexHull(points)
    except scipy.spatial.QhullError as error:
        raise DataError(
            "the target points lie on one line but for rounding; expected them on it exactly or clearly off it. Use "
            "semidiscrete-stochastic"
        ) from error
    normal = hull.equations[:, :3]
    lower = (normal[:, 2] < -FLAT) & (hull.simplices < len(sites)).all(axis=1)
    centres = -normal[lower, :2] / (2 * normal[lower, 2:]) + sites.mean(axis=0)
    return hull.simplices[lower].astype(np.int64), centres


def facets(sites: Float64[np.ndarray, "n 2"], weights: Float64[np.ndarray, " n"], domain: Polygon) -> Facets:
    """Return the edges of the power diagram of |x − y_i|² − g_i inside a convex polygon.

    Targets on one line, two of them or a single one are served too. Raises: DataError (on one line but for rounding).
    """
    line = line_of(sites)
    if line is not None:
        pair, origin = strips(sites, weights, line)
        along = np.broadcast_to(np.array([-line[1], line[0]]), origin.shape)
        endless = np.full(len(pair), np.inf)
        return _clip(pair, origin, along, low=-endless, high=endless, domain=domain)
    triangles, centres = _lower_triangles(sites, weights)
    corners = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    third = triangles[:, [2, 0, 1]].reshape(-1)
    owner = np.repeat(np.arange(len(triangles)), 3)
    corners.sort(axis=1)
    order = np.argsort(corners[:, 0] * len(sites) + corners[:, 1], kind="stable")
    corners, third, owner = corners[order], third[order], owner[order]
    start = np.flatnonzero(np.append(True, (np.diff(corners, axis=0) != 0).any(axis=1)))
    twice = np.append(np.diff(start), len(corners) - start[-1]) == 2
    pair = corners[start]
    a, b = sites[pair[:, 0]], sites[pair[:, 1]]
    along = (b - a)[:, ::-1] * np.array([-1.0, 1.0])
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    origin = centres[owner[start]]
    other = centres[owner[np.where(twice, start + 1, start)]]
    # An edge with one triangle runs to infinity, away from that triangle's third corner.
    away = -np.sign(((sites[third[start]] - a) * along).sum(axis=1))
    reach = np.where(twice, ((other - origin) * along).sum(axis=1), away * np.inf)
    low, high = np.minimum(reach, 0.0), np.maximum(reach, 0.0)
    return _clip(pair, origin, along, low=low, high=high, domain=domain)


def _clip(
    pair: Int64[np.ndarray, "e 2"],
    origin: Float64[np.ndarray, "e 2"],
    along: Float64[np.ndarray, "e 2"],
    *,
    low: Float64[np.ndarray, " e"],
    high: Float64[np.ndarray, " e"],
    domain: Polygon,
) -> Facets:
    side = np.full((len(pair), 2), -1)
    empty = np.zeros(len(pair), dtype=bool)
    for k, (vertex, outward, _) in enumerate(_sides(domain)):
        speed, room = along @ outward, (vertex - origin) @ outward
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = room / speed
        leaves, enters = (speed > 0) & (crossing < high), (speed < 0) & (crossing > low)
        high, low = np.where(leaves, crossing, high), np.where(enters, crossing, low)
        side[leaves, 1], side[enters, 0] = k, k
        empty |= (speed == 0) & (room < 0)
    visible = (high > low) & ~empty
    ends = origin[visible, None] + np.stack([low, high], axis=1)[visible][:, :, None] * along[visible, None]
    return Facets(pair[visible], ends, side[visible])


def _sides(
    domain: Polygon,
) -> list[tuple[Float64[np.ndarray, " 2"], Float64[np.ndarray, " 2"], Float64[np.ndarray, " 2"]]]:
    """Return start, outward unit normal and end of each side."""
    ends = np.roll(domain.vertices, -1, axis=0)
    normals = (ends - domain.vertices)[:, ::-1] * np.array([1.0, -1.0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return list(zip(domain.vertices, normals, ends, strict=True))


def _distances(
    sites: Float64[np.ndarray, "n 2"], weights: Float64[np.ndarray, " n"], edges: Facets
) -> tuple[Float64[np.ndarray, " e"], Float64[np.ndarray, " e"]]:
    """Return the signed distances of y_i and of y_j from their bisector: (|y_j − y_i|² ± (g_i − g_j))/(2|y_j − y_i|)."""
    i, j = edges.pair.T
    gap = np.linalg.norm(sites[j] - sites[i], axis=1)
    tilt = (weights[i] - weights[j]) / (2 * gap)
    return gap / 2 + tilt, gap / 2 - tilt


def _outer(
    sites: Float64[np.ndarray, "n 2"], weights: Float64[np.ndarray, " n"], domain: Polygon, edges: Facets
) -> Iterator[tuple[Int64[np.ndarray, " s"], Float64[np.ndarray, "s 2 2"], Float64[np.ndarray, " s"]]]:
    """Yield for each side of the polygon its pieces: owner [s], ends [s, 2, 2], signed distance of the owner [s]."""
    for k, (vertex, outward, end) in enumerate(_sides(domain)):
        total = float(np.linalg.norm(end - vertex))
        touching, which = np.nonzero(edges.side == k)
        places = (edges.ends[touching, which] - vertex) @ (end - vertex) / total
        cuts = np.sort(np.concatenate([[0.0, total], np.minimum(np.maximum(places, 0.0), total)]))
        candidates = np.unique(edges.pair[touching]) if len(touching) else np.arange(len(sites))
        corners = vertex + cuts[:, None] * (end - vertex) / total
        middles = (corners[1:] + corners[:-1]) / 2
        power = scipy.spatial.distance.cdist(middles, sites[candidates], "sqeuclidean") - weights[candidates]
        owner = candidates[power.argmin(axis=1)]
        yield owner, np.stack([corners[:-1], corners[1:]], axis=1), (vertex - sites[owner]) @ outward


def masses(
    sites: Float64[np.ndarray, "n 2"], weights: Float64[np.ndarray, " n"], domain: Polygon, edges: Facets
) -> Float64[np.ndarray, " n"]:
    """Return the share of the polygon's area in each cell; an empty cell has 0.

    Area of W_i = ½ Σ over its edges of length · signed distance from y_i (divergence theorem): inner edges by `facets`,
    outer ones by cutting each side where facets end on it. Rounding: 1e-15 of the whole area per cell.
    """
    first, second = _distances(sites, weights, edges)
    area = np.bincount(edges.pair[:, 0], edges.size * first, len(sites)).astype(
        np.float64
    )  # counts of nothing are integers
    area += np.bincount(edges.pair[:, 1], edges.size * second, len(sites))
    for owner, ends, distance in _outer(sites, weights, domain, edges):
        area += np.bincount(owner, np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) * distance, len(sites))
    return area / 2 / domain.area


@dataclass(frozen=True, eq=False)
class CellMoments:
    """Moments of each cell: its share of the area [n], barycentre [n, d] and E|x − barycentre|² within it [n].

    An empty cell has share 0, its site as barycentre, and spread 0.
    """

    masses: Float64[np.ndarray, " n"]
    centres: Float64[np.ndarray, "n d"]
    spreads: Float64[np.ndarray, " n"]


def cell_moments(
    sites: Float64[np.ndarray, "n 2"], weights: Float64[np.ndarray, " n"], domain: Polygon, edges: Facets
) -> CellMoments:
    """Return the exact moments of the cells up to the second.

    W_i is the signed sum of the triangles of y_i with its edges (p, q, from y_i): area A, ∫(x − y_i) = A (p + q)/3,
    ∫|x − y_i|² = A (|p|² + |q|² + ⟨p, q⟩)/6.
    """
    first, second = _distances(sites, weights, edges)
    pieces = [(edges.pair[:, 0], edges.ends, first), (edges.pair[:, 1], edges.ends, second)]
    n = len(sites)
    area, linear, square = np.zeros(n), np.zeros((n, 2)), np.zeros(n)
    for owner, ends, distance in [*pieces, *_outer(sites, weights, domain, edges)]:
        part = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) * distance / 2
        p, q = ends[:, 0] - sites[owner], ends[:, 1] - sites[owner]
        area += np.bincount(owner, part, n)
        for axis in (0, 1):
            linear[:, axis] += np.bincount(owner, part * (p + q)[:, axis] / 3, n)
        square += np.bincount(owner, part * (p * p + q * q + p * q).sum(axis=1) / 6, n)
    filled = area > FLAT * domain.area / n
    shift = np.where(filled[:, None], linear / np.where(filled, area, 1.0)[:, None], 0.0)
    spread = np.where(filled, square / np.where(filled, area, 1.0) - np.square(shift).sum(axis=1), 0.0)
    return CellMoments(area / domain.area, sites + shift, np.maximum(spread, 0.0))  # below 0 is rounding
