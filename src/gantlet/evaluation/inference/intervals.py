"""Confidence intervals for several metrics: normal (delta), Wilson, bootstrap of a mean."""

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtri

from gantlet.core.errors import TooFewSamples

REPLICATES = 1000


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


def bootstrap_mean(values: Float64[np.ndarray, " n"], level: float, rng: np.random.Generator) -> tuple[float, float]:
    """Return the basic-percentile bootstrap interval of a mean (1,000 resamples); the order of values does not matter.

    Source: Efron 1979, "Bootstrap methods: another look at the jackknife".
    """
    ordered = np.sort(values)
    means = np.array([ordered[rng.integers(0, len(ordered), len(ordered))].mean() for _ in range(REPLICATES)])
    low, high = np.quantile(means, [0.5 - level / 2, 0.5 + level / 2])
    return min(float(low), float(values.mean())), max(float(high), float(values.mean()))


def around_null(value: float, null: Float64[np.ndarray, " p"], level: float) -> tuple[float, float]:
    """Return the interval whose spread is that of ``null``, the statistic's distribution under random relabelling."""
    lower, upper = np.quantile(null, [0.5 - level / 2, 0.5 + level / 2])
    return min(value, value - float(upper - null.mean())), max(value, value + float(null.mean() - lower))


def permutation_p_value(value: float, null: Float64[np.ndarray, " p"]) -> float:
    """Return the share of relabellings, including the observed one, that are at least as far from the null as it is.

    Source: Phipson & Smyth 2010, "Permutation p-values should never be zero".
    """
    return float((1 + (null >= value * (1 - 1e-12)).sum()) / (1 + len(null)))
