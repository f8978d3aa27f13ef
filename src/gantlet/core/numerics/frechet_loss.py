"""The Fréchet distance as a loss: its value, and its gradient by the rows of a batch, without an eigendecomposition where d is large."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from scipy.linalg import eigvalsh_tridiagonal, lapack, solveh_banded
from scipy.special import ellipj, ellipk
from torch import Tensor

SMALL = 256
"""Dimensions up to which M^−½ is taken from eigenvalues."""
FLOOR = 1e-10
"""What is added to M's diagonal, as a share of its largest eigenvalue: directions in which a side has no variance."""
ACCURACY = 1e-9
TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Normal:
    """Mean [d] and covariance [d, d] of one side, float64."""

    mean: Float64[Tensor, " d"]
    cov: Float64[Tensor, "d d"]


def factor(cov: Float64[Tensor, "d d"]) -> Float64[Tensor, "d d"]:
    """Return a lower triangular A with A·Aᵀ = cov + floor·I, floor 1e-10 of the mean variance, more where rounding asks for it."""
    mean = cov.diagonal().mean().clamp_min(torch.finfo(cov.dtype).tiny)
    eye = torch.eye(len(cov), dtype=cov.dtype, device=cov.device)
    for share in (FLOOR, 1e-8, 1e-6):
        root, failed = torch.linalg.cholesky_ex(cov + share * mean * eye)
        if not failed:
            return root
    return torch.diag(cov.diagonal().clamp_min(0).sqrt() + FLOOR * mean.sqrt())


def poles(smallest: float, largest: float) -> tuple[np.ndarray, np.ndarray]:
    """Return shifts t_j and weights w_j with λ^−½ ≈ Σ w_j/(λ + t_j) for λ in [smallest, largest], to 1e-9 of it.

    t_j = m·(sn/cn)²(u_j), w_j = 2K'√m/(πN)·(dn/cn²)(u_j), u_j = (j − ½)K'/N, elliptic functions of parameter 1 − m/M; the error
    falls as exp(−2π²N/(log(M/m) + 3)). Source: Hale, Higham & Trefethen 2008, "Computing A^α, log(A), and related matrix functions by
    contour integrals", Method 3 and Theorem 4.1 (from memory; the tests hold them to λ^−½).
    """
    ratio = smallest / largest
    count = max(2, int(np.ceil(-np.log(ACCURACY) * (3 - np.log(ratio)) / (2 * np.pi**2))))
    quarter = float(ellipk(1 - ratio))
    sn, cn, dn, _ = ellipj((np.arange(count) + 0.5) * quarter / count, 1 - ratio)
    return smallest * (sn / cn) ** 2, 2 * quarter * smallest**0.5 / (np.pi * count) * dn / cn**2


def inverse_root(
    m: Float64[Tensor, "d d"], z: Float64[Tensor, "d b"]
) -> tuple[Float64[Tensor, "d b"], Float64[Tensor, ""]]:
    """Return M^−½ z and tr M^½ of a symmetric positive semi-definite M: by its eigenvectors up to d = 256, without them beyond.

    There M = Q H Qᵀ with H tridiagonal; H has M's eigenvalues, and M^−½ z = Q Σ_j w_j (H + t_j)^−1 Qᵀ z by `poles`, whose solves take d
    operations each. The reduction takes 4/3 d³ operations, an eigendecomposition about 9 d³. Runs on the CPU.
    """
    if len(m) <= SMALL:
        values, vectors = torch.linalg.eigh(m)
        values = values.clamp_min(0)
        inverse = (values + max(FLOOR * float(values[-1]), TINY)).rsqrt()
        return vectors @ (inverse[:, None] * (vectors.T @ z)), values.sqrt().sum()
    reflectors, diagonal, beside, tau = _tridiagonal(m.cpu().numpy())
    values = eigvalsh_tridiagonal(diagonal, beside).clip(0)
    floor = max(FLOOR * float(values[-1]), TINY)
    shifts, weights = poles(float(values[0]) + floor, float(values[-1]) + floor)
    turned = _rotated(reflectors, tau, z.cpu().numpy(), "T")
    bands = np.stack([np.append(0.0, beside), diagonal + floor])
    total = np.zeros_like(turned)
    for shift, weight in zip(shifts, weights, strict=True):
        total += weight * solveh_banded(bands + np.array([[0.0], [shift]]), turned, check_finite=False)
    moved = torch.from_numpy(_rotated(reflectors, tau, total, "N")).to(z.device)
    return moved, torch.tensor(np.sqrt(values).sum(), dtype=m.dtype, device=m.device)


def _tridiagonal(m: Float64[np.ndarray, "d d"]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return Householder reflectors, the diagonal, the line beside it and the reflectors' factors of M = Q H Qᵀ."""
    size = int(lapack.dsytrd_lwork(len(m), lower=1)[0])
    reduced, diagonal, beside, tau, _ = lapack.dsytrd(m.T, lower=1, lwork=size)  # symmetric: .T is in LAPACK's order
    return np.asfortranarray(reduced[1:, :-1]), diagonal, beside, tau


def _rotated(
    reflectors: np.ndarray, tau: np.ndarray, z: Float64[np.ndarray, "d b"], how: str
) -> Float64[np.ndarray, "d b"]:
    """Return Q z (how = N) or Qᵀ z (how = T); Q leaves the first row alone."""
    turned, _, _ = lapack.dormqr("L", how, reflectors, tau, np.asfortranarray(z[1:]), lwork=64 * z.shape[1])
    return np.concatenate([z[:1], turned])


def frechet_loss(
    batch: Float[Tensor, "b d"],
    fake: Normal,
    real: Normal,
    root: Float64[Tensor, "d d"],
    share: float,
) -> Float[Tensor, ""]:
    """Return FD(fake, real) = |m_f − m_r|² + tr S_f + tr S_r − 2 tr (S_r S_f)^½, with its gradient by the rows of the batch.

    ``fake``: the population's moments, of which the batch is ``share``: m_f = (1 − s)·m_old + s·mean x, and likewise of xxᵀ. The gradient
    by a row is (2s/b)·((m_f − m_r) + (I − T)(x − m_f)), T = A (AᵀS_f A)^−½ Aᵀ the optimal map from fake to real, A·Aᵀ = S_r.

    Args: batch: its features, with a graph; fake, real: moments without one; root: A, from `factor`; share: s in (0, 1].
    Returns: squared feature units; where n < d the floor of 1e-10 bounds T. Source: Dowson & Landau 1982, Eq. 4, for the distance; Bhatia,
    Jain & Lim 2019, "On the Bures–Wasserstein distance", for its gradient; Yang et al. 2026, arXiv:2604.28190, for the population.
    """
    rows = batch.detach().double()
    centred = (rows - fake.mean).T
    product = root.T @ fake.cov @ root
    moved, trace = inverse_root((product + product.T) / 2, root.T @ centred)
    shift = fake.mean - real.mean
    slope = 2 * share / len(rows) * (shift[:, None] + centred - root @ moved).T
    value = shift @ shift + fake.cov.diagonal().sum() + real.cov.diagonal().sum() - 2 * trace
    carried = (batch * slope.to(batch.dtype)).sum()
    return value.to(batch.dtype) + carried - carried.detach()
