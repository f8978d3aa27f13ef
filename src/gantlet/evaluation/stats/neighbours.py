"""Neighbours: nearest-neighbour relations of two sets of features, for precision, recall, density, coverage and
1-NN.

Squared distances come from float32 products of centred features (relative error about 1e-6 of |x|² + |y|²) and only
select candidates. All results are recomputed in float64 from differences: every distance, and every
comparison with a radius that the float32 error could change. Memory: the tiles; the sets are not copied.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64, Int64
from torch import Tensor

from gantlet.core.errors import ShapeError, TooFewSamples
from gantlet.core.numerics.distances import CentredRows, dot_tiles, mirrored, squared_distances_of_pairs, tile_side
from gantlet.core.numerics.finite import check_finite
from gantlet.core.words import counted

MANIFOLD_K = 3
SPARE = 2


@dataclass(frozen=True, eq=False)
class Nearest:
    """For each of n rows its nearest rows of the other set, nearest first: ``distances`` and ``indices`` [n, k]."""

    distances: Float64[np.ndarray, "n k"]
    indices: Int64[np.ndarray, "n k"]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Nearest neighbours within and between n real and m fake features, Euclidean distances; a row is not its own
    neighbour.

    The *k-ball* of a real image reaches to its k-th nearest real neighbour, boundary excluded (prdc's convention).
    The *manifold* of a set is the union of its 3-balls, boundary included (Kynkäänniemi et al. 2019); of its k-balls
    where k < 3.
    """

    k: int
    real: Nearest
    """Each real row's k nearest real rows [n, k]."""
    fake: Nearest
    """Each fake row's k nearest fake rows [m, k]."""
    real_to_fake: Nearest
    """Each real row's nearest fake row [n, 1]."""
    fake_to_real: Nearest
    """Each fake row's nearest real row [m, 1]."""
    real_balls: Int64[np.ndarray, " m"]
    """Number of real k-balls that contain each fake row."""
    fakes_in_ball: Int64[np.ndarray, " n"]
    """Number of fake rows in each real k-ball."""
    only_fake: Int64[np.ndarray, " n"]
    """Where ``fakes_in_ball`` is 1: the index of that fake row; elsewhere −1."""
    in_real_manifold: Bool[np.ndarray, " m"]
    """Whether each fake row lies in the real manifold."""
    in_fake_manifold: Bool[np.ndarray, " n"]
    """Whether each real row lies in the fake manifold."""
    only_ball: Int64[np.ndarray, " n"]
    """Where exactly one ball of the fake manifold holds the real row: the index of that fake row; elsewhere −1."""
    rarity: Float64[np.ndarray, " m"]
    """The radius of the smallest ball of the real manifold that holds each fake row; infinite where none does."""


def neighbours(
    real: Float32[np.ndarray, "n d"],
    fake: Float32[np.ndarray, "m e"],
    *,
    k: int = 5,
    manifold: int = MANIFOLD_K,
    memory: int = 2 * 10**9,
) -> Neighbours:
    """Return the nearest-neighbour relations of real [n, d] and fake [m, d] features.

    ``manifold``: the neighbour to which a manifold's balls reach.
    ``memory``: bytes; the tiles take at most a tenth of it. Raises ShapeError (dimensions differ), NonFiniteError,
    TooFewSamples (k neighbours need k + 1 rows on each side).
    """
    if real.shape[1] != fake.shape[1]:
        raise ShapeError(
            f"real features have {counted(real.shape[1], 'column')}, fake ones {fake.shape[1]}; use one extractor for both"
        )
    if min(len(real), len(fake)) <= k:
        raise TooFewSamples(
            f"{k} nearest neighbours need {counted(k + 1, 'sample')} per side; got real={len(real)}, fake={len(fake)}. Give "
            f"more images"
        )
    check_finite("real features", real)
    check_finite("fake features", fake)
    centre = real.mean(axis=0, dtype=np.float64).astype(np.float32)
    side = tile_side(memory)
    left, right = CentredRows(real, centre), CentredRows(fake, centre)
    own = _own_nearest(left, k, side), _own_nearest(right, k, side)
    return _between(left, right, own, (k, min(manifold, k)), side)


class _Candidates:
    """The ``count`` smallest approximate squared distances of each of n rows, tile by tile."""

    def __init__(self, n: int, count: int) -> None:
        self.values = torch.full((n, count), torch.inf)
        self.indices = torch.zeros((n, count), dtype=torch.int64)

    def update(self, row: int, column: int, tile: Float[Tensor, "a b"]) -> None:
        rows, count = slice(row, row + len(tile)), self.values.shape[1]
        values, indices = torch.topk(tile, min(count, tile.shape[1]), dim=1, largest=False, sorted=False)
        values = torch.cat([self.values[rows], values], dim=1)
        indices = torch.cat([self.indices[rows], indices + column], dim=1)
        self.values[rows], best = torch.topk(values, count, dim=1, largest=False, sorted=False)
        self.indices[rows] = torch.gather(indices, 1, best)

    def nearest(self, left: Float32[np.ndarray, "n d"], right: Float32[np.ndarray, "m d"], k: int) -> Nearest:
        """Return the k nearest of the candidates by their exact distances."""
        finite = torch.isfinite(self.values).numpy()
        indices = np.where(finite, self.indices.numpy(), 0)
        rows = np.repeat(np.arange(len(left)), indices.shape[1])
        squared = squared_distances_of_pairs(left, right, rows, indices.ravel()).reshape(indices.shape)
        squared[~finite] = np.inf
        order = np.lexsort((indices, squared), axis=1)[:, :k]
        return Nearest(np.sqrt(np.take_along_axis(squared, order, 1)), np.take_along_axis(indices, order, 1))


def _own_nearest(rows: CentredRows, k: int, side: int) -> Nearest:
    candidates = _Candidates(len(rows), min(k + SPARE, len(rows) - 1))
    turned = torch.empty(side * side)
    for i, j, tile in dot_tiles(rows, rows, side, upper=True, prepare=mirrored):
        if i == j:
            tile.fill_diagonal_(torch.inf)
        candidates.update(i, j, tile)
        if i != j:
            transposed = turned[: tile.numel()].view(tile.shape[1], tile.shape[0])
            candidates.update(j, i, transposed.copy_(tile.T))
    return candidates.nearest(rows.features, rows.features, k)


def _between(
    real: CentredRows, fake: CentredRows, own: tuple[Nearest, Nearest], reach_to: tuple[int, int], side: int
) -> Neighbours:
    own_real, own_fake = own
    to_fake, to_real = (
        _Candidates(len(real), min(1 + SPARE, len(fake))),
        _Candidates(len(fake), min(1 + SPARE, len(real))),
    )
    balls = _Balls(real, fake, own_real.distances, own_fake.distances, k=reach_to[0], manifold=reach_to[1])
    turned, reach = torch.empty(side * side), torch.empty(side * side)
    for i, j, tile in dot_tiles(real, fake, side, prepare=mirrored):
        to_fake.update(i, j, tile)
        to_real.update(j, i, turned[: tile.numel()].view(tile.shape[1], tile.shape[0]).copy_(tile.T))
        balls.update(i, j, tile, reach[: tile.numel()].view(tile.shape))
    return Neighbours(
        reach_to[0],
        own_real,
        own_fake,
        to_fake.nearest(real.features, fake.features, 1),
        to_real.nearest(fake.features, real.features, 1),
        balls.real_balls,
        balls.fakes_in_ball,
        np.where(balls.fakes_in_ball == 1, balls.index_sum, -1),
        balls.in_real > 0,
        balls.in_fake > 0,
        np.where(balls.in_fake == 1, balls.ball_sum, -1),
        balls.rarity,
    )


class _Balls:
    """Which fakes lie in which balls: few pairs are near enough, so each tile is reduced to those first."""

    def __init__(
        self,
        real: CentredRows,
        fake: CentredRows,
        real_distances: Float64[np.ndarray, "n k"],
        fake_distances: Float64[np.ndarray, "m k"],
        *,
        k: int,
        manifold: int,
    ) -> None:
        self.real, self.fake = real, fake
        self.ball = real_distances[:, k - 1]
        self.real_reach, self.fake_reach = real_distances[:, manifold - 1], fake_distances[:, manifold - 1]
        self.error = 2 * (8 + real.features.shape[1] ** 0.5) * float(np.finfo(np.float32).eps)
        slack = 2 * self.error * (real.norms.max() + fake.norms.max())
        self.row_reach = torch.from_numpy((np.square(self.ball) + slack).astype(np.float32))
        self.column_reach = torch.from_numpy((np.square(self.fake_reach) + slack).astype(np.float32))
        self.real_balls, self.in_real = np.zeros(len(fake), np.int64), np.zeros(len(fake), np.int64)
        self.fakes_in_ball, self.in_fake, self.index_sum, self.ball_sum = (
            np.zeros(len(real), np.int64) for _ in range(4)
        )
        self.rarity = np.full(len(fake), np.inf)

    def update(self, row: int, column: int, tile: Float[Tensor, "a b"], reach: Float[Tensor, "a b"]) -> None:
        rows, columns = self.row_reach[row : row + len(tile)], self.column_reach[column : column + tile.shape[1]]
        torch.maximum(rows[:, None], columns[None, :], out=reach)
        flat = np.flatnonzero(torch.lt(tile, reach).numpy())
        squared = tile.reshape(-1)[torch.from_numpy(flat)].double().numpy()
        i, j = row + flat // tile.shape[1], column + flat % tile.shape[1]
        distance = self._sharp(squared, i, j)
        inside = distance < self.ball[i]
        self.real_balls += np.bincount(j[inside], minlength=len(self.fake))
        self.fakes_in_ball += np.bincount(i[inside], minlength=len(self.real))
        np.add.at(self.index_sum, i[inside], j[inside])
        held = distance <= self.real_reach[i]
        self.in_real += np.bincount(j[held], minlength=len(self.fake))
        np.minimum.at(self.rarity, j[held], self.real_reach[i][held])
        contained = distance <= self.fake_reach[j]
        self.in_fake += np.bincount(i[contained], minlength=len(self.real))
        np.add.at(self.ball_sum, i[contained], j[contained])

    def _sharp(
        self, squared: Float64[np.ndarray, " p"], i: Int64[np.ndarray, " p"], j: Int64[np.ndarray, " p"]
    ) -> Float64[np.ndarray, " p"]:
        """Return distances; those too near a radius to decide in float32 are exact, so ties are preserved."""
        doubt = self.error * (self.real.norms[i] + self.fake.norms[j])
        close = np.zeros(len(squared), dtype=bool)
        for radius in (self.ball[i], self.real_reach[i], self.fake_reach[j]):
            close |= np.abs(squared - np.square(radius)) <= doubt
        where = np.flatnonzero(close)
        squared[where] = squared_distances_of_pairs(self.real.features, self.fake.features, i[where], j[where])
        return np.sqrt(np.maximum(squared, 0.0))
