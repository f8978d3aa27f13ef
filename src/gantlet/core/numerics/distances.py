"""Pairwise distances for several statistics: exact ones for given pairs, and tiled ones in float32."""

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor

LARGEST_TILE = 2048
ROWS = 4096


def as_tensor(array: Float[np.ndarray, "n d"]) -> Float[Tensor, "n d"]:
    """Return a tensor over the array's own memory (a copy where it is not contiguous), for reading only."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
        return torch.from_numpy(np.ascontiguousarray(array))


def row_chunks(n: int, size: int = ROWS) -> Iterator[slice]:
    """Yield slices that cover ``range(n)``, each of at most ``size`` rows."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def tile_side(memory: int, bytes_per_entry: int = 16) -> int:
    """Return the side of square tiles whose working set is at most a tenth of ``memory`` bytes (64 … 2048)."""
    return int(min(LARGEST_TILE, max(64, (memory / 10 / bytes_per_entry) ** 0.5)))


def dot_tiles(
    left: "Float[Tensor, 'n d'] | CentredRows",
    right: "Float[Tensor, 'm d'] | CentredRows",
    side: int,
    *,
    upper: bool = False,
    dtype: torch.dtype = torch.float32,
    prepare: Callable[[Tensor], Tensor] | None = None,
) -> Iterator[tuple[int, int, Float[Tensor, "a b"]]]:
    """Yield (i, j, prepare(left[i:i+side]) · right[j:j+side]ᵀ), in a buffer that the next step overwrites.

    ``upper``: only tiles with j ≥ i (for left = right). Products run in ``dtype``; rows are converted tile by tile.
    """
    buffer = torch.empty(side * side, dtype=dtype)
    for i in range(0, len(left), side):
        a = left[i : i + side].to(dtype)
        a = a if prepare is None else prepare(a)
        for j in range(i if upper else 0, len(right), side):
            b = right[j : j + side].to(dtype)
            tile = buffer[: len(a) * len(b)].view(len(a), len(b))
            torch.matmul(a, b.T, out=tile)
            yield i, j, tile


class CentredRows:
    """Rows minus a centre, computed on access: a slice is [x, |x|², 1], float32; ``norms``: every |x|² [n].

    Convention: the whole set is not copied, so memory is that of the tiles.
    """

    def __init__(self, features: Float32[np.ndarray, "n d"], centre: Float32[np.ndarray, " d"]) -> None:
        self.features, self.centre = features, torch.from_numpy(centre)
        self.norms: Float64[np.ndarray, " n"] = np.empty(len(features))
        for part in row_chunks(len(features), 1024):
            rows = as_tensor(features[part]) - self.centre
            self.norms[part] = torch.linalg.vector_norm(rows, dim=1).double().square().numpy()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.features)

    def __getitem__(self, part: slice) -> Float32[Tensor, "b e"]:
        """Return some rows."""
        features = as_tensor(self.features[part])
        rows = torch.empty(len(features), features.shape[1] + 2)
        torch.sub(features, self.centre, out=rows[:, :-2])
        rows[:, -2], rows[:, -1] = torch.from_numpy(self.norms[part]), 1.0
        return rows


def mirrored(rows: Float[Tensor, "n e"]) -> Float[Tensor, "n e"]:
    """Return [−2x, 1, |x|²] for rows [x, |x|², 1]: its product with other rows [y, |y|², 1] is |x − y|²."""
    turned = torch.mul(rows, -2.0)
    turned[:, -2], turned[:, -1] = 1.0, rows[:, -2]
    return turned


def squared_distance_tiles(
    left: Float32[np.ndarray, "n d"],
    right: Float32[np.ndarray, "m d"] | None,
    centre: Float32[np.ndarray, " d"],
    side: int,
) -> Iterator[tuple[int, int, Float[Tensor, "a b"]]]:
    """Yield (i, j, |left[i:] − right[j:]|²) by float32 tiles, ≥ 0; ``right`` None: left with itself, tiles with j ≥ i.

    Error about 1e-6·(|x|² + |y|²) for rows minus ``centre``; a result below 0 is rounding and counts as 0.
    """
    a = CentredRows(left, centre)
    b = a if right is None else CentredRows(right, centre)
    for i, j, tile in dot_tiles(a, b, side, upper=right is None, prepare=mirrored):
        yield i, j, tile.clamp_(min=0.0)


def squared_distances_of_pairs(
    left: Float[np.ndarray, "n d"],
    right: Float[np.ndarray, "m d"],
    rows: Int64[np.ndarray, " p"],
    columns: Int64[np.ndarray, " p"],
) -> Float64[np.ndarray, " p"]:
    """Return |left[rows] − right[columns]|² by differences in float64: equal rows give exactly 0.

    Relative error ≤ log₂(d)·2⁻⁵³ (pairwise summation); the same two rows always give the same bits, in either order.
    """
    squared = np.empty(len(rows))
    for part in row_chunks(len(rows), max(1, 2**20 // max(1, left.shape[1]))):
        difference = left[rows[part]].astype(np.float64) - right[columns[part]]
        squared[part] = np.square(difference, out=difference).sum(axis=1)
    return squared
