"""Square roots and optimal maps of covariance matrices."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float64

from gantlet.core.errors import NonFiniteError, ShapeError
from gantlet.core.numerics.finite import check_finite


def psd_factor(cov: Float64[np.ndarray, "d e"]) -> tuple[Float64[np.ndarray, "d r"], bool]:
    """Return A with A Aᵀ = cov, and whether cov has full rank: Cholesky's factor if it has, else the factor [d,
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


def nuclear_norm(
    real_factor: Float64[np.ndarray, "d p"], fake_factor: Float64[np.ndarray, "d q"], centred: tuple[bool, bool]
) -> float:
    """Return tr (S_r S_g)^½ = Σ √λ(CᵀC), C = AᵀB [p, q], for S_r = A Aᵀ and S_g = B Bᵀ; cheap where p or q is below d.

    ``centred``: whether the columns of A, and of B, are centred rows, which add up to zero. Where those of the factor with
    fewer columns are, its Gram matrix is singular: the least eigenvalue is rounding alone and is left out.
    Source: |AᵀB|_* = tr (A AᵀB Bᵀ)^½, by the singular values of AᵀB.
    """
    product = real_factor.T @ fake_factor
    singular = centred[0] if product.shape[0] <= product.shape[1] else centred[1]
    values = scipy.linalg.eigvalsh(_small_gram(product), check_finite=False, overwrite_a=True)
    return float(np.sqrt(np.maximum(values[int(singular) :], 0.0)).sum())


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
    values, vectors = scipy.linalg.eigh(_small_gram(a.T @ b), driver="evd", check_finite=False, overwrite_a=True)
    positive = values > len(a) * np.finfo(np.float64).eps * max(float(values[-1]), 0.0)
    if full and other_full and positive.all():
        back = scipy.linalg.solve_triangular(a.T, vectors * values**0.25, lower=False, check_finite=False)
        return OptimalMaps(back, a @ (vectors * values**-0.25), False)
    values, vectors = values[positive], vectors[:, positive]
    product = a.T @ b  # not held during the eigenvalue problem, which takes the most memory
    if product.shape[0] <= product.shape[1]:
        return OptimalMaps(b @ (product.T @ (vectors * values**-0.75)), a @ (vectors * values**-0.25), True)
    return OptimalMaps(b @ (vectors * values**-0.25), a @ (product @ (vectors * values**-0.75)), True)
