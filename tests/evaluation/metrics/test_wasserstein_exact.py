"""Exact transport against SciPy's assignment and quantiles; its standard error against the bootstrap."""

import numpy as np
import pytest
from covering import Case, covers
from draws import two
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.wasserstein_exact import wasserstein_exact
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n, d)) + shift).astype(np.float32)


def test_equals_the_best_assignment_and_the_line() -> None:
    real, fake = rows(70, 4, 0), rows(70, 4, 1, 0.5)
    cost = cdist(real.astype(np.float64), fake)
    assert wasserstein_exact(real, fake)[0] == pytest.approx(cost[linear_sum_assignment(cost)].mean(), rel=1e-9)
    line = rows(50, 1, 2), rows(33, 1, 3, 1.0)
    assert wasserstein_exact(*line)[0] == pytest.approx(wasserstein_distance(line[0][:, 0], line[1][:, 0]), rel=1e-9)
    with pytest.raises(TooFewSamples, match="fake=0"):
        wasserstein_exact(real, fake[:0])


def test_standard_error_is_the_spread_of_fresh_draws() -> None:
    drawn, errors = [], []
    for seed in range(150):
        evidence = Evidence(FeatureBank(rows(150, 2, 2 * seed)), FeatureBank(rows(150, 2, 2 * seed + 1, 1.0)))
        found = compute(evidence, ["wasserstein_exact"])[0]
        drawn.append(found.value)
        errors.append(found.details["standard_error"])
    # The sd of 150 draws: 6 %, three of them.
    assert np.mean(errors) == pytest.approx(np.std(drawn), rel=0.2)


@covers("wasserstein_exact")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(two(150, 2, 1.0))


@pytest.mark.parametrize("scale", [2.0**-60, 2.0**-20, 2.0**40])
def test_it_follows_the_scale_of_the_features(scale: float) -> None:
    sides = [np.random.default_rng(seed).standard_normal((120, 4)).astype(np.float32) for seed in (0, 1)]
    one, other = (wasserstein_exact(*(np.float32(factor) * side for side in sides)) for factor in (1.0, scale))
    # Scaling by a power of two is exact; the plan's sums are rounded.
    assert other[0] == pytest.approx(scale * one[0], rel=1e-9)
    assert other[1] == pytest.approx(scale * one[1], rel=1e-6, abs=1e-6 * scale)
