"""Targets whose optimal map from a square must jump: a grid of modes, a ring around a hole, a C; and which points miss them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

SD = 0.05
CENTRES = np.stack(np.meshgrid(np.arange(-4, 5, 2.0), np.arange(-4, 5, 2.0)), axis=-1).reshape(-1, 2)
INNER, OUTER, OPENING = 1.4, 2.0, np.pi / 4
"""Radii of ring and C; the C is open where its angle is below ``OPENING`` on either side of the axis."""
FEWEST = 0.1
"""A piece is found where at least this fraction of its own share of the mass lies."""


@dataclass(frozen=True)
class Target:
    """A distribution in the plane in ``pieces`` of equal mass: samples, distance to its support, nearest piece of a point.

    A point further away than ``off`` lies outside; a point at most ``near`` away counts for its piece.
    """

    draw: Callable[[int, np.random.Generator], Float64[np.ndarray, "n 2"]]
    distance: Callable[[Float64[np.ndarray, "n 2"]], Float64[np.ndarray, " n"]]
    piece: Callable[[Float64[np.ndarray, "n 2"]], Int64[np.ndarray, " n"]]
    pieces: int
    near: float
    off: float

    def outside(self, points: Float64[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
        """Return which points lie outside."""
        return self.distance(points) > self.off

    def pieces_found(self, points: Float64[np.ndarray, "n 2"]) -> int:
        """Return how many pieces hold at least a tenth of their share of the points."""
        counts = np.bincount(self.piece(points)[self.distance(points) <= self.near], minlength=self.pieces)
        return int((counts >= FEWEST * len(points) / self.pieces).sum())


def _grid(n: int, rng: np.random.Generator) -> Float64[np.ndarray, "n 2"]:
    return (CENTRES[np.arange(n) % 25] + SD * rng.standard_normal((n, 2))) / 2


def _to_centres(points: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n k"]:
    return np.linalg.norm(points[:, None] - CENTRES / 2, axis=2)


def _around(opening: float) -> Callable[[int, np.random.Generator], Float64[np.ndarray, "n 2"]]:
    def draw(n: int, rng: np.random.Generator) -> Float64[np.ndarray, "n 2"]:
        angle = rng.uniform(opening, 2 * np.pi - opening, n)
        radius = np.sqrt(rng.uniform(INNER**2, OUTER**2, n))
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)

    return draw


def _to_ring(points: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, " n"]:
    radius = np.linalg.norm(points, axis=1)
    return np.maximum(np.maximum(INNER - radius, radius - OUTER), 0.0)


def _to_c(points: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, " n"]:
    mirrored = np.stack([points[:, 0], np.abs(points[:, 1])], axis=1)
    end = np.array([np.cos(OPENING), np.sin(OPENING)])
    along = np.minimum(np.maximum(mirrored @ end, INNER), OUTER)
    to_end = np.linalg.norm(mirrored - along[:, None] * end, axis=1)
    return np.where(np.arctan2(mirrored[:, 1], mirrored[:, 0]) < OPENING, to_end, _to_ring(points))


def _sector(opening: float, pieces: int) -> Callable[[Float64[np.ndarray, "n 2"]], Int64[np.ndarray, " n"]]:
    def piece(points: Float64[np.ndarray, "n 2"]) -> Int64[np.ndarray, " n"]:
        angle = np.arctan2(points[:, 1], points[:, 0]) % (2 * np.pi)
        share = (angle - opening) / (2 * np.pi - 2 * opening)
        return np.minimum(np.maximum((share * pieces).astype(np.int64), 0), pieces - 1)

    return piece


TARGETS = {
    "grid": Target(_grid, lambda x: _to_centres(x).min(axis=1), lambda x: _to_centres(x).argmin(axis=1), 25, 1.5 * SD, 3 * SD),
    "ring": Target(_around(0.0), _to_ring, _sector(0.0, 24), 24, 0.1, 0.2),
    "C": Target(_around(OPENING), _to_c, _sector(OPENING, 18), 18, 0.1, 0.2),
}  # fmt: skip
