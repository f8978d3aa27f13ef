"""Convex polytopes in the plane's language: cells by half-planes, the dual hull, and Minkowski's problem for polygons."""

from dataclasses import dataclass

import numpy as np
import scipy.spatial
from jaxtyping import Bool, Float64, Int64

from gantlet.core.errors import DataError

STEPS = 50


def clipped(
    polygon: Float64[np.ndarray, "k 2"], normal: Float64[np.ndarray, " 2"], bound: float
) -> Float64[np.ndarray, "m 2"]:
    """Return the part of a convex polygon with ⟨normal, x⟩ ≤ bound, corners in order; empty where there is none.

    Source: Sutherland & Hodgman 1974, one half-plane.
    """
    if not len(polygon):
        return polygon
    room = bound - polygon @ normal
    following, room_after = np.roll(polygon, -1, axis=0), np.roll(room, -1)
    kept: list[Float64[np.ndarray, " 2"]] = []
    for here, there, a, b in zip(polygon, following, room, room_after, strict=True):
        if a >= 0:
            kept.append(here)
        if (a > 0 > b) or (a < 0 < b):
            kept.append(here + (there - here) * (a / (a - b)))
    return np.array(kept).reshape(-1, 2)


def area(polygon: Float64[np.ndarray, "k 2"]) -> float:
    """Return the area of a polygon whose corners run counter-clockwise, ≥ 0 (shoelace formula)."""
    x, y = polygon.T if len(polygon) else np.zeros((2, 0))
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def cell(
    i: int,
    slopes: Float64[np.ndarray, "n 2"],
    offsets: Float64[np.ndarray, " n"],
    domain: Float64[np.ndarray, "k 2"],
) -> Float64[np.ndarray, "m 2"]:
    """Return where plane i is the highest of ⟨x, y_j⟩ + h_j: a face of the upper envelope, projected; by half-planes alone."""
    polygon = domain
    for j in np.argsort(np.square(slopes - slopes[i]).sum(axis=1))[1:]:
        polygon = clipped(polygon, slopes[j] - slopes[i], float(offsets[i] - offsets[j]))
    return polygon


def dual_hull(
    slopes: Float64[np.ndarray, "n 2"], offsets: Float64[np.ndarray, " n"]
) -> tuple[Int64[np.ndarray, "t 3"], Bool[np.ndarray, " n"]]:
    """Return the triangles of the lower hull of (y_i, −h_i), a regular triangulation, and which points lie on it.

    The hull is the graph of the Legendre dual u*(y) = sup_x ⟨x, y⟩ − u(x) of u(x) = max_i ⟨x, y_i⟩ + h_i.
    """
    hull = scipy.spatial.ConvexHull(np.column_stack([slopes, -offsets]))
    triangles = hull.simplices[hull.equations[:, 2] < 0].astype(np.int64)
    on = np.zeros(len(slopes), dtype=bool)
    on[triangles] = True
    return triangles, on


def edges_of(triangles: Int64[np.ndarray, "t 3"]) -> set[tuple[int, int]]:
    """Return the edges (i, j), i < j, of triangles."""
    sides = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    return {(int(i), int(j)) for i, j in sides}


@dataclass(frozen=True, eq=False)
class Edges:
    """Prescribed edges of a convex polygon: outward unit normals [n, 2] by angle and lengths [n] > 0 with Σ l_i n_i = 0."""

    normals: Float64[np.ndarray, "n 2"]
    lengths: Float64[np.ndarray, " n"]

    @classmethod
    def random(cls, n: int, rng: np.random.Generator) -> "Edges":
        """Return n ≥ 4 edges with random normals and lengths, the lengths moved by as little as closes the polygon."""
        angles = np.sort(rng.uniform(0, 2 * np.pi, n))
        normals = np.column_stack([np.cos(angles), np.sin(angles)])
        lengths = rng.uniform(0.5, 1.5, n)
        correction = np.linalg.lstsq(normals.T, -normals.T @ lengths, rcond=None)[0]
        lengths = lengths + correction
        return cls(normals, lengths) if (lengths > 0.05).all() else cls.random(n, rng)

    def exact(self) -> Float64[np.ndarray, "n 2"]:
        """Return the polygon's corners, about their mean: its edges, turned by a right angle, laid end to end by angle."""
        along = self.lengths[:, None] * self.normals[:, ::-1] * np.array([-1.0, 1.0])
        corners = np.cumsum(along, axis=0)
        return corners - corners.mean(axis=0)

    def solved(self) -> tuple[Float64[np.ndarray, "n 2"], int]:
        """Return the same by the variational principle, and Newton's steps.

        Minkowski: the polygon {⟨n_i, x⟩ ≤ s_i} with these lengths maximises its area at a given Σ l_i s_i. The gradient of the
        area by s_i is the length of edge i, so that lengths(s) = l is solved by Newton's method, damped so that no edge is lost;
        the kernel of the derivative, the translations, is left alone. Raises: DataError where it does not converge.
        """
        support = np.ones(len(self.lengths))
        for step in range(STEPS):
            corners, lengths = self._polygon(support)
            if np.abs(lengths / self.lengths - 1).max() < 1e-12:
                return corners - corners.mean(axis=0), step
            move = np.linalg.lstsq(self._derivative(), self.lengths - lengths, rcond=1e-10)[0]
            share = 1.0
            while self._polygon(support + share * move)[1].min() <= 0 and share > 1e-6:
                share /= 2
            support = support + share * move
        raise DataError(f"Minkowski's problem of {len(support)} edges did not converge in {STEPS} steps")

    def _polygon(
        self, support: Float64[np.ndarray, " n"]
    ) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, " n"]]:
        """Return the corners between neighbouring lines and the signed lengths between them."""
        after = np.roll(self.normals, -1, axis=0)
        pairs = np.stack([self.normals, after], axis=1)
        corners = np.linalg.solve(pairs, np.stack([support, np.roll(support, -1)], axis=1)[:, :, None])[:, :, 0]
        along = self.normals[:, ::-1] * np.array([-1.0, 1.0])
        return corners, ((corners - np.roll(corners, 1, axis=0)) * along).sum(axis=1)

    def _derivative(self) -> Float64[np.ndarray, "n n"]:
        columns = [self._polygon(column)[1] for column in np.eye(len(self.lengths))]  # lengths are linear in s
        return np.stack(columns, axis=1)
