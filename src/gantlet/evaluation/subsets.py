"""The variance of a statistic over fresh draws of both sides, from its values on random subsets of the rows of both.

A share s of the rows of each side, drawn without replacement: Var ≈ s/(1 − s) · variance of the values on such subsets. For a
smooth statistic this is the delete-d jackknife. For one of nearest neighbours, which changes by jumps, the jackknife that
leaves out one row overstates the variance (by 1.7 to 3 in the cases measured): a part of the statistic that hangs on j rows at once is counted
(1 − s^j)/(1 − s) times, which is j for s → 1 and 1 for s → 0. Source: Shao & Wu 1989, "A general theory for jackknife
variance estimation"; Politis, Romano & Wolf 1999, "Subsampling".
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import stdtrit

from gantlet.core.numerics.mapped import return_freed_memory
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import normal, quantile, wilson
from gantlet.evaluation.measurement import Bounds
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.neighbours import Neighbours, neighbours

SUBSETS = 12
SHARE = 0.6
"""Twelve subsets of 60 % cost 12 · 0.6² = 4.3 times the statistic itself, where that is quadratic in n."""
CLASSIFIERS = 6
"""Classifiers trained on random halves for the variance of an accuracy: with halves, where share/(1 − share) = 1, the part that
comes from the seed is counted once, as it has to be."""
LARGEST = 5000
"""Rows of a subset above which its share becomes smaller: the cost of intervals does not grow with n from there."""
GIVEN_REAL = "fresh fakes, given the real images"
GIVEN_FAKE = "fresh real images, given the fakes"


def subsets(evidence: Evidence, count: int, share: float) -> Iterator[tuple[FeatureBank, FeatureBank]]:
    """Yield ``count`` random subsets of a share of the real and of the fake rows, seeded, by the rows' values alone.

    One of them is in memory at a time.
    """
    rng = numpy_stream(evidence.seed, "subsets")
    real, fake = (
        [order[rng.permutation(len(order))[: int(share * len(order))]] for _ in range(count)]
        for order in evidence.orders
    )
    for rows in zip(real, fake, strict=True):
        return_freed_memory()
        yield evidence.real.take(rows[0]), evidence.fake.take(rows[1])


def neighbour_share(evidence: Evidence) -> float:
    """Return the share of rows in the subsets whose neighbours are sought."""
    return min(SHARE, LARGEST / float(np.sqrt(evidence.real.n * evidence.fake.n)))


def neighbour_variance(evidence: Evidence, k: int, statistic: Callable[[Neighbours], float]) -> float | None:
    """Return the variance of a statistic of nearest neighbours whose manifolds reach to the k-th one.

    None below k + 2 rows a subset, and where no interval is wanted.

    The neighbours of the subsets are sought once for all statistics.
    """
    share, reach = neighbour_share(evidence), evidence.manifolds(k).k
    if evidence.value_only or int(share * min(evidence.real.n, evidence.fake.n)) < reach + 2:
        return None

    def find() -> list[Neighbours]:
        return [
            neighbours(real.features, fake.features, k=reach, manifold=k, memory=evidence.memory)
            for real, fake in subsets(evidence, SUBSETS, share)
        ]

    found = evidence.shared(("neighbours of subsets", k), find)
    return float(np.var([statistic(facts) for facts in found], ddof=1)) * share / (1 - share)


def student(level: float, count: int = SUBSETS) -> float:
    """Return Student's quantile for a variance from ``count`` subsets."""
    return float(stdtrit(count - 1, 0.5 + level / 2))


def share_interval(value: float, n: int, variance: float | None, level: float) -> tuple[Bounds, float]:
    """Return Wilson's interval of a share with the number of independent rows that has this variance, and that number.

    It is at most n: rows that are independent given the other side vary with it as well.
    """
    worth = float(n)
    if variance is not None and 0 < value < 1 and variance > 0:
        worth = min(worth, value * (1 - value) / variance)
    if variance is not None:
        worth *= (quantile(level) / student(level)) ** 2
    return ("wilson", *wilson(value * worth, worth, level)), worth


def mean_interval(value: float, variance: float, level: float, count: int = SUBSETS) -> tuple[float, float]:
    """Return value ± t·√variance, cut at 0, for a statistic that is not negative."""
    scale = student(level, count) / quantile(level)
    low, high = normal(value, variance * scale**2, level)
    return max(0.0, low), high
