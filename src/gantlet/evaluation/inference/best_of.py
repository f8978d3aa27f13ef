"""Best of k trials: what a random search of k trials finds, with intervals that assume nothing about the scores' distribution."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import bdtr, gammaln

from gantlet.core.errors import TooFewSamples
from gantlet.core.words import counted


@dataclass(frozen=True)
class BestOf:
    """The best of k trials, scores that are better where lower: its median, with interval, and its mean.

    ``low``, ``high``: None where the trials tell no such end; ``median``: None where it is a failed trial; ``mean``: None where failed
    trials have a part in it.
    """

    k: int
    median: float | None
    low: float | None
    high: float | None
    mean: float | None


def best_of(scores: Sequence[float], k: int, level: float = 0.95) -> BestOf:
    """Return what the best of k independent trials scores, from n trials; a failed trial has the score ∞.

    The median of the best of k is the quantile of the scores at p = 1 − 2^(−1/k): P(best ≤ x) = 1 − (1 − F(x))^k. Its interval
    x_(l) … x_(u) is of order statistics: P(B ≥ l) ≥ 1 − α/2 and P(B ≤ u − 1) ≥ 1 − α/2, B ~ Binomial(n, p), which holds for any distribution
    of scores. The mean is the U-statistic Σ x_(i) C(n − i, k − 1)/C(n, k), without bias for k ≤ n.

    Source: Dodge et al. 2019, arXiv:1909.03004, Sec. 3 (expected validation performance), whose estimator draws with replacement and is
    biased; Tang et al. 2020 for that without replacement; order statistics: David & Nagaraja 2003, Sec. 7.1. From memory.
    Raises TooFewSamples for no trials and for k beyond n.
    """
    n = len(scores)
    if not 1 <= k <= n:
        raise TooFewSamples(f"the best of {counted(k, 'trial')} is told by {counted(k, 'trial')} or more; got {n}")
    x, p, tail = np.sort(np.array(scores, np.float64)), 1 - 2 ** (-1 / k), (1 - level) / 2
    below = np.array([bdtr(j, n, p) for j in range(n + 1)])  # P(B ≤ j)
    lower = int(np.searchsorted(below, tail, side="right"))  # P(B ≤ l − 1) ≤ α/2: the l-th is at or below the quantile
    upper = int(np.searchsorted(below, 1 - tail, side="left")) + 1  # P(B ≤ u − 1) ≥ 1 − α/2
    place = min(n, max(1, int(np.ceil(n * p))))
    weights = _weights(n, k)
    mean = float(weights @ np.where(weights > 0, x, 0.0))
    return BestOf(
        k,
        _finite(x[place - 1]),
        _finite(x[lower - 1]) if lower >= 1 else None,
        _finite(x[upper - 1]) if upper <= n else None,
        _finite(mean),
    )


def _weights(n: int, k: int) -> Float64[np.ndarray, " n"]:
    """Return C(n − i, k − 1)/C(n, k) for i = 1 … n."""
    rest = n - np.arange(1, n + 1)
    possible = rest >= k - 1
    kept = np.where(possible, rest, k - 1)
    logs = gammaln(kept + 1) - gammaln(k) - gammaln(kept - k + 2) - gammaln(n + 1) + gammaln(k + 1) + gammaln(n - k + 1)
    return np.where(possible, np.exp(logs), 0.0)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
