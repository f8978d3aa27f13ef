"""Nominal 95 % intervals cover a known truth in 92 to 99 % of Monte-Carlo repeats (slow; run before a release).

With 400 repeats and true coverage 95 % the observed share lies within ±2.2 % (two binomial standard deviations), so
the band fails an interval that really covers 90 % or less.
"""

from collections.abc import Callable

import numpy as np
import pytest

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.coverage import expected_coverage
from gantlet.evaluation.stats.feature_bank import FeatureBank

REPEATS = 400
pytestmark = pytest.mark.slow


def normal_bank(n: int, d: int, rng: np.random.Generator, shift: float = 0.0, scale: float = 1.0) -> FeatureBank:
    spread = scale * np.linspace(1.0, 2.0, d) if scale != 1.0 else np.ones(d)
    return FeatureBank((rng.standard_normal((n, d)) * spread + shift).astype(np.float32))


def covered(truth: Callable[[], float] | float, draw: Callable[[int], Estimate], repeats: int = REPEATS) -> float:
    target = truth() if callable(truth) else truth
    hits = 0
    for repeat in range(repeats):
        estimate = draw(repeat)
        assert estimate.low is not None
        assert estimate.high is not None
        hits += estimate.low <= target <= estimate.high
    return hits / repeats


def check(share: float) -> None:
    print(f"covered {share:.3f}")
    assert 0.92 <= share <= 0.99


def one(metric: str, real: FeatureBank, fake: FeatureBank, seed: int) -> Estimate:
    return compute(Evidence(real, fake, seed=seed), [metric])[0]


@pytest.mark.parametrize("metric", ["frechet_distance", "frechet_distance_debiased"])
def test_frechet_distance_covers_the_closed_form(metric: str) -> None:
    d, shift, spread = 4, 0.5, 1.5 * np.linspace(1.0, 2.0, 4)
    truth = d * shift**2 + float(((spread - 1) ** 2).sum())

    def draw(repeat: int) -> Estimate:
        rng = np.random.default_rng([1, repeat])
        return one(metric, normal_bank(800, d, rng), normal_bank(800, d, rng, shift, 1.5), repeat)

    check(covered(truth, draw))


def uniform_bank(n: int, rng: np.random.Generator, shift: float) -> FeatureBank:
    return FeatureBank((rng.uniform(-1, 1, (n, 1)) + shift).astype(np.float32))


def test_kernel_distance_covers_the_closed_form() -> None:
    # d = 1: E (xy + 1)³ = Σ_p C(3, p) E x^p E y^p; moments of a + U(−1, 1).
    def mean_kernel(a: float, b: float) -> float:
        x, y = ([1.0, mean, mean**2 + 1 / 3, mean**3 + mean] for mean in (a, b))
        return sum(c * p * q for c, p, q in zip((1, 3, 3, 1), x, y, strict=True))

    shift = 0.3
    truth = mean_kernel(0, 0) + mean_kernel(shift, shift) - 2 * mean_kernel(0, shift)

    def draw(repeat: int) -> Estimate:
        rng = np.random.default_rng([2, repeat])
        return one("kernel_distance", uniform_bank(1000, rng, 0.0), uniform_bank(1000, rng, shift), repeat)

    check(covered(truth, draw))


def test_kernel_distance_covers_zero_at_the_null() -> None:
    def draw(repeat: int) -> Estimate:
        rng = np.random.default_rng([2, repeat])
        return one("kernel_distance", normal_bank(300, 8, rng), normal_bank(300, 8, rng), repeat)

    check(covered(0.0, draw))


def class_bank(n: int, rng: np.random.Generator, noise: float) -> FeatureBank:
    logits = rng.standard_normal((n, 5)) * noise + 3 * np.eye(5)[rng.choice(5, n, p=[0.4, 0.3, 0.1, 0.1, 0.1])]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return FeatureBank(logits.astype(np.float32), p.astype(np.float32))


@pytest.mark.parametrize("metric", ["inception_score", "mode_score"])
def test_scores_cover_the_value_of_a_million_samples(metric: str) -> None:
    # The truth's own error: the interval at n = 1,000,000 is 1/30 as wide as at n = 1000.
    rng = np.random.default_rng(3)
    large = one(metric, class_bank(1_000_000, rng, 1.5), class_bank(1_000_000, rng, 1.0), 0)
    assert large.value is not None

    def draw(repeat: int) -> Estimate:
        rng = np.random.default_rng([3, repeat])
        return one(metric, class_bank(1000, rng, 1.5), class_bank(1000, rng, 1.0), repeat)

    check(covered(large.value, draw))


@pytest.mark.parametrize("metric", ["precision", "density"])
def test_the_reference_stays_fixed_for_precision_and_density(metric: str) -> None:
    real = normal_bank(300, 3, np.random.default_rng(4))
    large = one(metric, real, normal_bank(100_000, 3, np.random.default_rng(5), 0.5), 0)
    assert large.value is not None

    def draw(repeat: int) -> Estimate:
        return one(metric, real, normal_bank(400, 3, np.random.default_rng([6, repeat]), 0.5), repeat)

    check(covered(large.value, draw))


def test_the_fake_set_stays_fixed_for_recall() -> None:
    fake = normal_bank(300, 3, np.random.default_rng(7), 0.5)
    large = one("recall", normal_bank(100_000, 3, np.random.default_rng(8)), fake, 0)
    assert large.value is not None

    def draw(repeat: int) -> Estimate:
        return one("recall", normal_bank(400, 3, np.random.default_rng([9, repeat])), fake, repeat)

    check(covered(large.value, draw))


def test_coverage_covers_its_closed_form_at_the_null() -> None:
    def draw(repeat: int) -> Estimate:
        rng = np.random.default_rng([10, repeat])
        return one("coverage", normal_bank(400, 10, rng), normal_bank(400, 10, rng), repeat)

    check(covered(expected_coverage(400, 400, 5), draw))


def test_coverage_covers_its_mean_over_fresh_samples() -> None:
    # The truth is the mean of 2,000 other draws: its standard error is 1/45 of one draw's.
    def draw(repeat: int) -> Estimate:
        rng = np.random.default_rng([14, repeat])
        return one("coverage", normal_bank(300, 8, rng), normal_bank(300, 8, rng, 0.5), repeat)

    truth = float(np.mean([draw(10_000 + repeat).value for repeat in range(2000)]))
    check(covered(truth, draw))


@pytest.mark.parametrize("d", [1, 8])
def test_one_nn_accuracy_covers_a_half_at_the_null(d: int) -> None:
    # Leave-one-out among 2n exchangeable rows: the nearest other row is of the same set with chance (n − 1)/(2n − 1).
    def draw(repeat: int) -> Estimate:
        rng = np.random.default_rng([11, repeat])
        return one("one_nn_accuracy", normal_bank(300, d, rng), normal_bank(300, d, rng), repeat)

    check(covered(299 / 599, draw))


def test_permutation_p_values_are_uniform_at_the_null() -> None:
    # P(p ≤ 0.05) = 0.05 exactly for an exact test; 400 repeats: binomial sd 0.011.
    rejected = 0
    for repeat in range(REPEATS):
        rng = np.random.default_rng([12, repeat])
        estimate = one("frechet_distance", normal_bank(200, 8, rng), normal_bank(200, 8, rng), repeat)
        rejected += estimate.details["p_value"] <= 0.05
    assert 0.02 <= rejected / REPEATS <= 0.085


def test_the_null_spread_is_that_of_fresh_samples() -> None:
    values, widths = [], []
    for repeat in range(200):
        rng = np.random.default_rng([13, repeat])
        estimate = one("frechet_distance", normal_bank(600, 16, rng), normal_bank(600, 16, rng), repeat)
        values.append(estimate.value)
        if estimate.interval == "permutation":
            widths.append(estimate.high - estimate.low)
    # 95 % of fresh values lie within an interval of this width; the conditional spread over 40 groups is noisy by a
    # tenth.
    assert np.ptp(np.quantile(values, [0.025, 0.975])) == pytest.approx(np.median(widths), rel=0.3)
