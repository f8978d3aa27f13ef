"""Numerics that several statistics share: finite checks, roots of covariances, exact and tiled pairwise distances."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from gantlet.errors import NonFiniteError, ShapeError

LARGEST_TILE = 2048
ROWS = 4096


def check_finite(what: str, array: Float[np.ndarray, "..."]) -> None:
    """Raise NonFiniteError naming the first bad entry of ``array``, if there is one."""
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise NonFiniteError(f"{what} holds NaN or infinity at index {place}; expected finite numbers")


def as_tensor(array: Float[np.ndarray, "n d"]) -> Float[Tensor, "n d"]:
    """Return a tensor over the array's own memory (a copy where it is not contiguous), only to be read from."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
        return torch.from_numpy(np.ascontiguousarray(array))


def row_chunks(n: int, size: int = ROWS) -> Iterator[slice]:
    """Yield slices that cover ``range(n)``, each of at most ``size`` rows."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def tile_side(memory: int, bytes_an_entry: int = 16) -> int:
    """Return the side of square tiles whose working set is at most a tenth of ``memory`` bytes (64 … 2048)."""
    return int(min(LARGEST_TILE, max(64, (memory / 10 / bytes_an_entry) ** 0.5)))


def dot_tiles(
    left: Float[Tensor, "n d"],
    right: Float[Tensor, "m d"],
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
    for part in row_chunks(len(rows), max(1, 2**22 // max(1, left.shape[1]))):
        difference = left[rows[part]].astype(np.float64) - right[columns[part]]
        squared[part] = np.square(difference, out=difference).sum(axis=1)
    return squared


def psd_factor(cov: Float64[np.ndarray, "d e"]) -> tuple[Float64[np.ndarray, "d r"], bool]:
    """Return A with A Aᵀ = cov, and whether cov has full rank: Cholesky where that holds, else an eigen-factor [d,
    rank].

    Eigenvalues below d·2⁻⁵²·max count as zero; one that is negative beyond this raises NonFiniteError (not a
    covariance).
    """
    if cov.shape[0] != cov.shape[1]:
        raise ShapeError(f"expected a square covariance, got shape {cov.shape}")
    check_finite("covariance", cov)
    floor = len(cov) * np.finfo(np.float64).eps
    try:
        factor = scipy.linalg.cholesky(cov, lower=True, check_finite=False)
        pivots = np.square(np.diag(factor))
        if pivots.min() > floor * pivots.max():
            return factor, True
    except scipy.linalg.LinAlgError:
        pass
    values, vectors = scipy.linalg.eigh(cov, driver="evd", check_finite=False)
    largest = max(float(values[-1]), 0.0)
    if values[0] < -1e-6 * max(largest, np.finfo(np.float64).tiny):
        raise NonFiniteError(f"expected a covariance, got a matrix with the negative eigenvalue {values[0]:.3g}")
    kept = values > floor * largest
    return vectors[:, kept] * np.sqrt(values[kept]), False


def trace_root_product(real_cov: Float64[np.ndarray, "d d"], fake_cov: Float64[np.ndarray, "d d"]) -> float:
    """Return tr (S_r S_g)^½ = Σ √λ(AᵀS_g A) with A Aᵀ = S_r: one Cholesky and one symmetric eigenvalue problem.

    Eigenvalues of AᵀS_g A are ≥ 0 but for rounding (relative 1e-15 of the largest), which counts as zero.
    """
    factor, _ = psd_factor(real_cov)
    check_finite("covariance", fake_cov)
    if factor.shape[1] == 0:
        return 0.0
    values = scipy.linalg.eigvalsh(factor.T @ fake_cov @ factor, check_finite=False, overwrite_a=True)
    return float(np.sqrt(np.maximum(values, 0.0)).sum())


@dataclass(frozen=True, eq=False)
class OptimalMaps:
    """The matrices of the optimal linear maps between two centred Gaussians, and whether either is a pseudo-inverse."""

    real_to_fake: Float64[np.ndarray, "d d"]
    fake_to_real: Float64[np.ndarray, "d d"]
    singular: bool


def optimal_maps(real_cov: Float64[np.ndarray, "d d"], fake_cov: Float64[np.ndarray, "d d"]) -> OptimalMaps:
    """Return T_{g→r} = A (AᵀS_g A)^{-½} Aᵀ with A Aᵀ = S_r, and T_{r→g}, its inverse.

    T S_g T = S_r. Where a covariance is singular, the roots are pseudo-inverse roots on its range.
    """
    factor, full = psd_factor(real_cov)
    if full:
        values, vectors = scipy.linalg.eigh(factor.T @ fake_cov @ factor, driver="evd", check_finite=False)
        if values[0] > len(values) * np.finfo(np.float64).eps * values[-1]:
            forward = factor @ (vectors * values**-0.25)
            backward = scipy.linalg.solve_triangular(factor.T, vectors * values**0.25, lower=False, check_finite=False)
            return OptimalMaps(backward @ backward.T, forward @ forward.T, False)
    return OptimalMaps(_map_onto(psd_factor(fake_cov)[0], real_cov), _map_onto(factor, fake_cov), True)


def _map_onto(factor: Float64[np.ndarray, "d r"], source: Float64[np.ndarray, "d d"]) -> Float64[np.ndarray, "d d"]:
    if factor.shape[1] == 0:
        return np.zeros_like(source)
    values, vectors = scipy.linalg.eigh(factor.T @ source @ factor, driver="evd", check_finite=False)
    kept = values > len(source) * np.finfo(np.float64).eps * max(float(values[-1]), 0.0)
    half = factor @ (vectors[:, kept] * values[kept] ** -0.25)
    return half @ half.T
