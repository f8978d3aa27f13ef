"""What the tests of interval coverage share: the count over Monte-Carlo repeats, and draws of Gaussian rows."""

from collections.abc import Callable

import numpy as np

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.stats.feature_bank import FeatureBank

REPEATS = 300
Draw = Callable[[int], Evidence]


def check(metric: str, draw: Draw, truth: float | None = None, fresh: int = 1500) -> None:
    """``truth`` None: the mean of so many ``fresh`` draws."""
    if truth is None:
        truth = float(np.mean([value(metric, draw(10_000 + repeat)).value for repeat in range(fresh)]))
    found = [value(metric, draw(repeat)) for repeat in range(REPEATS)]
    share = np.mean([estimate.low <= truth <= estimate.high for estimate in found])
    print(f"{metric} covered {share:.3f}")
    assert 0.92 <= share <= 0.99, share


def value(metric: str, evidence: Evidence) -> Estimate:
    (estimate,) = compute(evidence, [metric])
    assert estimate.low is not None, estimate.notes
    return estimate


def rows(rng: np.random.Generator, n: int, d: int, shift: float = 0.0, scale: float = 1.0) -> FeatureBank:
    return FeatureBank((scale * rng.standard_normal((n, d)) + shift).astype(np.float32))


def two(n: int, d: int, shift: float, scale: float = 1.0) -> Draw:
    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([n, d, repeat])
        return Evidence(rows(rng, n, d), rows(rng, n, d, shift, scale), seed=repeat)

    return draw
