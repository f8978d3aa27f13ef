"""Numerics that several statistics share: finite checks, roots of covariances, exact and tiled pairwise distances."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import torch
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor

from gantlet.errors import NonFiniteError, ShapeError

LARGEST_TILE = 2048
ROWS = 4096


def check_finite(what: str, array: Float[np.ndarray, "..."]) -> None:
    """Raise NonFiniteError naming the first bad entry of ``array``, if there is one."""
    for part in row_chunks(len(array)) if array.ndim else [...]:
        if np.isfinite(array[part]).all():
            continue
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
    """Rows less a centre, made where they are looked at: a slice is [x, |x|², 1], float32; ``norms``: every |x|² [n].

    Convention: no copy of the whole set is kept, so memory is that of the tiles.
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

    Error about 1e-6·(|x|² + |y|²) for rows less ``centre``; a result below 0 is such an error and counts as 0.
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
    for part in row_chunks(len(rows), max(1, 2**22 // max(1, left.shape[1]))):
        difference = left[rows[part]].astype(np.float64) - right[columns[part]]
        squared[part] = np.square(difference, out=difference).sum(axis=1)
    return squared


def psd_factor(cov: Float64[np.ndarray, "d e"]) -> tuple[Float64[np.ndarray, "d r"], bool]:
    """Return A with A Aᵀ = cov, and whether cov has full rank: Cholesky's factor where that holds, else the factor [d,
    rank] of Cholesky with pivoting.

    Pivots below d·2⁻⁵²·max count as zero; a matrix with an eigenvalue that is negative beyond 1e-6·max raises
    NonFiniteError (not a covariance). Source: Higham 1990, "Analysis of the Cholesky decomposition of a semi-definite
    matrix".
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
    return _pivoted_factor(cov, floor), False


def _pivoted_factor(cov: Float64[np.ndarray, "d d"], floor: float) -> Float64[np.ndarray, "d r"]:
    largest = float(np.abs(cov).max(initial=0.0))
    factor = np.zeros((len(cov), 0))
    if np.diag(cov).max(initial=0.0) > 0:
        tolerance = floor * float(np.diag(cov).max())
        lower, pivots, rank, _ = scipy.linalg.lapack.dpstrf(cov, lower=1, tol=tolerance)
        factor = np.zeros((len(cov), int(rank)))
        factor[pivots - 1] = np.tril(lower)[:, : int(rank)]
    if np.abs(cov - factor @ factor.T).max(initial=0.0) > 1e-6 * largest:
        lowest = float(scipy.linalg.eigvalsh(cov, check_finite=False)[0])
        raise NonFiniteError(f"expected a covariance, got a matrix with the negative eigenvalue {lowest:.3g}")
    return factor


def trace_root_product(real_cov: Float64[np.ndarray, "d d"], fake_cov: Float64[np.ndarray, "d d"]) -> float:
    """Return tr (S_r S_g)^½ = Σ √λ(AᵀS_g A) with A Aᵀ = S_r: one Cholesky and one symmetric eigenvalue problem.

    Where S_r has full rank, AᵀS_g A comes from LAPACK's reduction of a generalised problem (SYGST, type 2), at a quarter
    of two products' cost. Eigenvalues are ≥ 0 but for rounding (relative 1e-15 of the largest), which counts as zero.
    """
    check_finite("covariance", fake_cov)
    factor, full = psd_factor(real_cov)
    if factor.shape[1] == 0:
        return 0.0
    if full:
        reduced, _ = scipy.linalg.lapack.dsygst(fake_cov, factor, itype=2, lower=1)
    else:
        reduced = factor.T @ fake_cov @ factor
    values = scipy.linalg.eigvalsh(reduced, lower=True, check_finite=False, overwrite_a=True)
    return float(np.sqrt(np.maximum(values, 0.0)).sum())


def nuclear_norm(real_factor: Float64[np.ndarray, "d p"], fake_factor: Float64[np.ndarray, "d q"]) -> float:
    """Return tr (S_r S_g)^½ = Σ √λ(CᵀC), C = AᵀB [p, q], for S_r = A Aᵀ and S_g = B Bᵀ; cheap where p or q is below d.

    One factor at least has centred rows as its columns (rank ≤ columns − 1), so the least eigenvalue is zero but for
    rounding and is left out. Source: |AᵀB|_* = tr (A AᵀB Bᵀ)^½, by the singular values of AᵀB.
    """
    gram = _small_gram(real_factor.T @ fake_factor)
    values = scipy.linalg.eigvalsh(gram, check_finite=False, overwrite_a=True)
    return float(np.sqrt(np.maximum(values[1:], 0.0)).sum())


def _small_gram(product: Float64[np.ndarray, "p q"]) -> Float64[np.ndarray, "k k"]:
    return product @ product.T if product.shape[0] <= product.shape[1] else product.T @ product


@dataclass(frozen=True, eq=False)
class OptimalMaps:
    """The optimal linear maps between two centred Gaussians, as factors F [d, r] of their matrices F Fᵀ.

    ``singular``: a covariance has no inverse, and the maps are pseudo-inverses on its range.
    """

    onto_fake: Float64[np.ndarray, "d r"]
    onto_real: Float64[np.ndarray, "d s"]
    singular: bool

    @property
    def real_to_fake(self) -> Float64[np.ndarray, "d d"]:
        """Return the matrix T_{r→g}."""
        return self.onto_fake @ self.onto_fake.T

    @property
    def fake_to_real(self) -> Float64[np.ndarray, "d d"]:
        """Return the matrix T_{g→r}."""
        return self.onto_real @ self.onto_real.T


def optimal_maps(
    real: tuple[Float64[np.ndarray, "d p"], bool], fake: tuple[Float64[np.ndarray, "d q"], bool]
) -> OptimalMaps:
    """Return T_{g→r} = A (AᵀS_g A)^{-½} Aᵀ with A Aᵀ = S_r, and T_{r→g}, its inverse.

    T S_g T = S_r. Where a covariance is singular, the roots are pseudo-inverse roots on its range.

    Args: real, fake: a factor of each covariance and whether it has full rank, as `psd_factor` returns them.
    """
    (a, full), (b, other_full) = real, fake
    singular = OptimalMaps(np.zeros((len(b), 0)), np.zeros((len(a), 0)), True)
    if min(a.shape[1], b.shape[1]) == 0:
        return singular
    product = a.T @ b
    values, vectors = scipy.linalg.eigh(_small_gram(product), driver="evd", check_finite=False)
    kept = values > len(a) * np.finfo(np.float64).eps * max(float(values[-1]), 0.0)
    if full and other_full and kept.all():
        back = scipy.linalg.solve_triangular(a.T, vectors * values**0.25, lower=False, check_finite=False)
        return OptimalMaps(back, a @ (vectors * values**-0.25), False)
    values, vectors = values[kept], vectors[:, kept]
    if product.shape[0] <= product.shape[1]:
        return OptimalMaps(b @ (product.T @ (vectors * values**-0.75)), a @ (vectors * values**-0.25), True)
    return OptimalMaps(b @ (vectors * values**-0.25), a @ (product @ (vectors * values**-0.75)), True)
