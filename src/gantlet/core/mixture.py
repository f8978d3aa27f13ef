"""Mixture: a Gaussian mixture that is known exactly, with its density and its modes."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float64, Int64
from scipy.special import logsumexp

from gantlet.core.errors import ShapeError
from gantlet.core.words import counted


@dataclass(frozen=True, eq=False)
class Mixture:
    """Σ_j w_j · N(c_j, Σ_j): ``centres`` [k, d], ``covariances`` [k, d, d], ``weights`` [k], all float64.

    ``covariances`` may be one number: the standard deviation σ of every mode, Σ_j = σ²I. ``weights`` None: equal
    weights. Raises ShapeError when shapes do not fit, weights are not positive or a covariance is not positive definite.
    """

    centres: Float64[np.ndarray, "k d"]
    covariances: Float64[np.ndarray, "k d d"] | float
    weights: Float64[np.ndarray, " k"] | None = None
    shares: Float64[np.ndarray, " k"] = field(init=False)
    """The weights, normalised to sum 1."""
    factors: Float64[np.ndarray, "k d d"] = field(init=False)
    """Lower Cholesky factors L_j of the covariances: a draw is c_j + L_j·ε."""

    def __post_init__(self) -> None:
        k, d = self.centres.shape
        sigma = self.covariances
        if isinstance(sigma, (int, float)):
            if k == 0 or not sigma > 0:
                raise ShapeError(f"expected centres [k ≥ 1, d] and sigma > 0; got {k} and {sigma}")
            factors = np.broadcast_to(float(sigma) * np.eye(d), (k, d, d))
        else:
            factors = _cholesky(sigma, k, d)
        shares = np.ones(k) if self.weights is None else np.asarray(self.weights, np.float64)
        if shares.shape != (k,) or not (np.isfinite(shares) & (shares > 0)).all():
            raise ShapeError(f"expected {counted(k, 'positive weight')}, one per mode; got {self.weights}")
        object.__setattr__(self, "shares", shares / shares.sum())
        object.__setattr__(self, "factors", factors)

    @property
    def dim(self) -> int:
        """Return d."""
        return self.centres.shape[1]

    @property
    def n_modes(self) -> int:
        """Return k."""
        return len(self.centres)

    @cached_property
    def moments(self) -> tuple[Float64[np.ndarray, " d"], Float64[np.ndarray, "d d"]]:
        """Return mean and covariance of the whole: Σ w_j c_j and Σ w_j (Σ_j + c_j c_jᵀ) − mean·meanᵀ."""
        mean = self.shares @ self.centres
        within = self.factors @ self.factors.transpose(0, 2, 1) + np.einsum("ki,kj->kij", self.centres, self.centres)
        return mean, np.einsum("k,kij->ij", self.shares, within) - np.outer(mean, mean)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Float64[np.ndarray, "n d"], Int64[np.ndarray, " n"]]:
        """Return n independent points and the mode that each was drawn from."""
        mode = rng.choice(self.n_modes, size=n, p=self.shares).astype(np.int64)
        noise = rng.standard_normal((n, self.dim))
        return self.centres[mode] + np.einsum("nij,nj->ni", self.factors[mode], noise), mode

    def deviations(self, points: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n k"]:
        """Return each point's Mahalanobis distance from each mode, in standard deviations.

        Raises: ShapeError when the points have another dimension.
        """
        if points.shape[1] != self.dim:
            raise ShapeError(f"points have {counted(points.shape[1], 'dimension')}, the modes {self.dim}")
        inverses = np.linalg.inv(self.factors)
        columns = [
            np.linalg.norm((points - centre) @ inverse.T, axis=1)
            for centre, inverse in zip(self.centres, inverses, strict=True)
        ]
        return np.stack(columns, axis=1)

    def nearest(self, points: Float[np.ndarray, "n d"]) -> tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """Return each point's mode, the one with the smallest Mahalanobis distance, and that distance."""
        distances = self.deviations(points)
        mode = distances.argmin(axis=1)
        return mode, distances[np.arange(len(points)), mode]

    def log_densities(self, points: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n k"]:
        """Return log(w_j · N(x; c_j, Σ_j)) of each point and mode, in nats."""
        scale = np.log(np.diagonal(self.factors, axis1=1, axis2=2)).sum(axis=1) + self.dim / 2 * np.log(2 * np.pi)
        return np.log(self.shares) - scale - np.square(self.deviations(points)) / 2

    def log_density(self, points: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, " n"]:
        """Return log p(x) = log Σ_j w_j · N(x; c_j, Σ_j), in nats."""
        return np.asarray(logsumexp(self.log_densities(points), axis=1))


def _cholesky(covariances: Float64[np.ndarray, "..."], k: int, d: int) -> Float64[np.ndarray, "k d d"]:
    if covariances.shape != (k, d, d) or not np.allclose(covariances, covariances.transpose(0, 2, 1)):
        raise ShapeError(f"expected symmetric covariances of shape ({k}, {d}, {d}); got {covariances.shape}")
    try:
        return np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError as error:
        raise ShapeError(
            "a covariance is not positive definite; every mode needs some spread in every direction"
        ) from error
