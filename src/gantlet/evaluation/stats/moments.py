"""Moments: count, mean and centred second moments in float64; a monoid."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from gantlet.core.errors import NonFiniteError, ShapeError, TooFewSamples
from gantlet.core.numerics.covariance import nuclear_norm, psd_factor, trace_root_product
from gantlet.core.numerics.distances import row_chunks
from gantlet.core.numerics.mapped import forget_pages


@dataclass(frozen=True, eq=False)
class PublishedMoments:
    """A published mean [d] and covariance [d, d] of an unknown number of rows."""

    mean: Float64[np.ndarray, " d"]
    cov: Float64[np.ndarray, "d d"]
    n: None = None
    centred: None = None

    @property
    def total_variance(self) -> float:
        """Return the trace of the covariance."""
        return float(np.trace(self.cov))

    @property
    def factor(self) -> tuple[Float64[np.ndarray, "d r"], bool]:
        """Return A with A Aᵀ = cov, and whether cov has full rank; raises NonFiniteError."""
        return psd_factor(self.cov)


@dataclass(frozen=True, eq=False)
class Moments:
    """Count n, mean [d] and m2 = Σ (x − mean)(x − mean)ᵀ [d, d] of n rows, float64.

    ``a.merge(b)`` is the moments of both sets of rows; ``identity(d)`` changes nothing; the order of merges matters
    only to rounding. Source: Chan, Golub & LeVeque 1983, "Algorithms for computing the sample variance", Eq. 2.1.
    """

    n: int
    mean: Float64[np.ndarray, " d"]
    m2: Float64[np.ndarray, "d d"]
    centred: Float64[np.ndarray, "n d"] | None = None

    @classmethod
    def identity(cls, d: int) -> "Moments":
        """Return the moments of no rows in d dimensions."""
        return cls(0, np.zeros(d), np.zeros((d, d)))

    @classmethod
    def of(cls, features: Float[np.ndarray, "n d"]) -> "Moments":
        """Return the moments of rows [n, d]; 4,096 rows at a time are held in float64. Raises NonFiniteError."""
        return cls.identity(features.shape[1]).update(features)

    def update(self, features: Float[np.ndarray, "n d"]) -> "Moments":
        """Return the moments of these and further rows; raises ShapeError, NonFiniteError."""
        total = self
        for rows in row_chunks(len(features)):
            chunk = features[rows].astype(np.float64)
            forget_pages(features)
            mean = chunk.mean(axis=0)
            if not np.isfinite(mean).all():
                raise NonFiniteError(
                    f"rows {rows.start} to {rows.stop - 1} hold NaN or infinity; expected finite numbers"
                )
            chunk -= mean
            few = chunk if len(chunk) < chunk.shape[1] else None
            total = total.merge(Moments(len(chunk), mean, chunk.T @ chunk, few))
        return total

    def merge(self, other: "Moments") -> "Moments":
        """Return the moments of both sets of rows; raises ShapeError when their dimensions differ."""
        if len(self.mean) != len(other.mean):
            raise ShapeError(
                f"moments of dimension {len(self.mean)} and {len(other.mean)} cannot merge; use one extractor"
            )
        if self.n == 0 or other.n == 0:
            return other if self.n == 0 else self
        n = self.n + other.n
        delta = other.mean - self.mean
        m2 = np.outer(delta, delta * (self.n * other.n / n))
        m2 += self.m2
        m2 += other.m2
        mean, centred = self.mean + delta * (other.n / n), None
        if n < len(mean) and self.centred is not None and other.centred is not None:
            centred = np.concatenate([self.centred + (self.mean - mean), other.centred + (other.mean - mean)])
        return Moments(n, mean, m2, centred)

    @property
    def cov(self) -> Float64[np.ndarray, "d d"]:
        """Return the covariance with divisor n − 1; raises TooFewSamples for n < 2."""
        if self.n < 2:
            raise TooFewSamples(f"a covariance needs 2 samples or more; got {self.n}. Give more images")
        return self.m2 / (self.n - 1)

    @property
    def total_variance(self) -> float:
        """Return the trace of the covariance; raises TooFewSamples for n < 2."""
        if self.n < 2:
            raise TooFewSamples(f"a covariance needs 2 samples or more; got {self.n}. Give more images")
        return float(np.trace(self.m2) / (self.n - 1))

    @property
    def factor(self) -> tuple[Float64[np.ndarray, "d r"], bool]:
        """Return A with A Aᵀ = cov, and whether cov has full rank: the centred rows where there are fewer than d.

        Raises TooFewSamples for n < 2, NonFiniteError.
        """
        if self.centred is None or self.n < 2:
            return psd_factor(self.cov)
        return self.centred.T / np.sqrt(self.n - 1), False


Gaussian = Moments | PublishedMoments
"""The input of a Fréchet distance for one side: a mean, a covariance, and the number of rows where it is known."""


def trace_root(real: Gaussian, fake: Gaussian) -> float:
    """Return tr (S_r S_g)^½ by the cheapest exact method: rows where a side has fewer than d, else covariances."""
    if real.centred is None and fake.centred is None:
        return trace_root_product(real.cov, fake.cov)
    centred = real.centred is not None, fake.centred is not None
    return nuclear_norm(real.factor[0], fake.factor[0], centred)
