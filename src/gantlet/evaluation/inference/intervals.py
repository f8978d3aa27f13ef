"""Confidence intervals for several metrics: normal (delta), of a squared distance, Poisson, Wilson."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import betaincinv, gammainccinv, ndtri

from gantlet.core.errors import TooFewSamples


def quantile(level: float) -> float:
    """Return z with P(|N(0,1)| ≤ z) = level."""
    return float(ndtri(0.5 + level / 2))


def normal(value: int | float, variance: float, level: float) -> tuple[float, float]:
    """Return value ± z √variance."""
    half = quantile(level) * float(np.sqrt(variance))
    return value - half, value + half


def normal_of_square(value: float, variance: float, level: float) -> tuple[float, float]:
    """Return (√value ± z·√variance / (2√value))², the delta interval of a squared distance computed on the scale of the distance.

    A squared distance is skewed and its spread grows with its root; on the scale of the root both effects vanish to first order.
    Where the root's interval would extend below 0, it is value ± z·√variance, cut at 0.
    """
    half = quantile(level) * float(np.sqrt(variance))
    if half >= 2 * value:
        return max(0.0, min(value, value - half)), value + half
    root, part = float(np.sqrt(value)), half / (2 * float(np.sqrt(value)))
    return (root - part) ** 2, (root + part) ** 2


@dataclass(frozen=True)
class SquaredDistance:
    """An estimate T = |δ + ξ|² of a squared distance |δ|² (less its bias, where that is taken away), and what its spread is made of.

    Mean |δ|² + E|ξ|², variance var |ξ|² + 4 δᵀΣδ, Σ the covariance of the noise ξ. ``null_mean``, ``null_variance``: at δ = 0.
    ``first``: the variance that comes on top. ``slope``: its growth with the distance where the noise is alike in all directions,
    2 var |ξ|² / E|ξ|² of the distance with its bias. ``skew``: the skewness of |ξ|², where few directions carry it.
    """

    value: float
    null_mean: float
    null_variance: float
    first: float
    slope: float
    skew: float = 0.0

    @property
    def variance(self) -> float:
        """Return the estimated variance at the value."""
        return self.null_variance + self.first

    def interval(self, level: float) -> tuple[float, float]:
        """Return every mean μ with (value − μ)² ≤ z²·(null_variance + s·max(μ − null_mean, 0)).

        A score interval, as Wilson's: the spread belongs to the mean in question, not to the value that happened to come out,
        so it leans upwards, as a squared distance is skewed. s is ``first`` over the excess y of the value over the null mean, drawn
        towards ``slope`` where y is not large against its spread at the null: (first + a·slope)/(y + a), a = z·√null_variance.
        Source: Wilson 1927, for the binomial's variance p(1 − p)/n.
        """
        y = self.value - self.null_mean
        low, high = self._ends(self._skewed(level, 1.0), y)[0], self._ends(self._skewed(level, -1.0), y)[1]
        return self.null_mean + min(low, y), self.null_mean + max(high, y)

    def _skewed(self, level: float, side: float) -> float:
        """Return z ± γ(z² − 1)/6, γ the skewness of the estimate: how far values reach above (1) and below (−1) their mean.

        γ = skew·(null_variance/variance)^1.5, at most 1. Source: Cornish & Fisher 1938, to first order.
        """
        z = quantile(level)
        share = self.null_variance / self.variance if self.variance > 0 else 0.0
        return z + side * min(1.0, max(0.0, self.skew)) * share**1.5 * (z * z - 1) / 6

    def _ends(self, z: float, y: float) -> tuple[float, float]:
        """Return the least and the largest excess over the null mean that z standard deviations of it reach y from."""
        null_half = z * float(np.sqrt(self.null_variance))
        excess = max(y, 0.0) + null_half
        lean = z * z * (self.first + null_half * self.slope) / (2 * excess) if excess > 0 else 0.0
        half = float(np.sqrt(max(0.0, lean * (lean + 2 * y) + null_half**2)))
        low = y - null_half if y <= null_half else y + lean - half
        high = y + null_half if y <= -null_half else y + lean + half
        return low, high


def squared_distance(value: float, null: Float64[np.ndarray, " p"], delta: float) -> SquaredDistance:
    """Return the estimate whose distribution under relabelling is ``null``; ``delta``: the variance by its influence function.

    At the null the estimated influence function is all noise and ``delta`` is twice the variance: E delta = first + 2·null_variance.
    """
    mean, variance = (float(null.mean()), float(null.var())) if len(null) else (0.0, 0.0)
    return SquaredDistance(
        value, mean, variance, max(0.0, delta - 2 * variance), 2 * variance / mean if mean > 0 else 0.0
    )


def poisson(count: float, level: float, scale: float = np.inf) -> tuple[float, float]:
    """Return the mid-P interval of the mean of a Poisson count; with ``scale`` K, of one whose rate varies as a Gamma(K) variable.

    A count up to the K-th event of another Poisson process is negative binomial: P(N ≤ c) = I_p(K, c + 1), p = K/(K + μ), I the regularised
    incomplete beta function; mid-P takes c + ½. Both ends solve it for μ; ``count`` and K need not be whole.
    Source: Clopper & Pearson 1934 for the inversion; Lancaster 1961, "Significance tests in discrete distributions", for mid-P.
    """
    tails = 0.5 + level / 2, 0.5 - level / 2
    if np.isinf(scale):
        low, high = (float(gammainccinv(count + 0.5, tail)) for tail in tails)
    else:
        shares = (float(betaincinv(scale, count + 0.5, tail)) for tail in tails)
        low, high = (scale * (1 - share) / share for share in shares)
    return min(low, count), max(high, count)


def wilson(successes: int | float, n: int | float, level: float) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion, within [0, 1]; ``n`` may be an effective number.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if n <= 0:
        raise TooFewSamples("a proportion needs 1 sample or more; got 0. Give more images")
    z, p = quantile(level), successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))
    return max(0.0, min(centre - half, p)), min(1.0, max(centre + half, p))


def permutation_p_value(value: float, null: Float64[np.ndarray, " p"]) -> float:
    """Return the share of relabellings, including the observed one, that are at least as far from the null as it is.

    Source: Phipson & Smyth 2010, "Permutation p-values should never be zero".
    """
    return float((1 + (null >= value * (1 - 1e-12)).sum()) / (1 + len(null)))
