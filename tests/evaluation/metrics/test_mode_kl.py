"""Reverse KL over modes against SciPy; its variance against fresh multinomial draws."""

import numpy as np
import pytest
from covering import Case, covers
from draws import FAKE_SHARES, REAL_SHARES, of_classes, skewed
from scipy.stats import entropy

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.mode_kl import mode_kl
from gantlet.evaluation.stats.feature_bank import FeatureBank


def bank(counts: list[int]) -> FeatureBank:
    probabilities = np.repeat(np.eye(len(counts), dtype=np.float32), counts, axis=0)
    return FeatureBank(np.random.default_rng(0).standard_normal((sum(counts), 2)).astype(np.float32), probabilities)


def test_equals_scipys_entropy() -> None:
    real, fake = np.array([50, 30, 20, 5]), np.array([10, 60, 7, 0])
    assert mode_kl(real, fake)[0] == pytest.approx(entropy(fake / 77, real / 105), rel=1e-12)
    assert mode_kl(np.array([5, 0]), np.array([3, 1]))[0] == np.inf
    with pytest.raises(TooFewSamples, match="fake=0"):
        mode_kl(real, 0 * fake)


def test_variance_is_that_of_fresh_draws() -> None:
    rng = np.random.default_rng(1)
    p, q = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])
    drawn = [mode_kl(rng.multinomial(800, p), rng.multinomial(600, q)) for _ in range(500)]
    # The sd of 500 draws: 3 %; second order 1 %: 10 %.
    assert np.sqrt(np.mean([d[1] for d in drawn])) == pytest.approx(np.std([d[0] for d in drawn]), rel=0.1)


def test_the_null_takes_permutations_and_a_lost_class_is_undefined() -> None:
    null = compute(Evidence(bank([50, 50, 50]), bank([48, 52, 50])), ["mode_kl"])[0]
    assert null.interval == "permutation"
    apart = compute(Evidence(bank([50, 50, 50]), bank([100, 40, 10])), ["mode_kl"])[0]
    assert (apart.interval, apart.details["p_value"]) == ("delta", 0.001)
    assert compute(Evidence(bank([50, 0]), bank([25, 25])), ["mode_kl"])[0].value is None


@pytest.mark.parametrize("case", ["null", "near", "away"])
@covers("mode_kl")
def test_the_interval_covers_the_mean_of_fresh_draws(case: str) -> Case:
    return Case(skewed(300, case))


@covers("mode_kl")
def test_the_interval_covers_the_entropy_of_the_true_shares() -> Case:
    return Case(of_classes(noise=0.0), float(entropy(FAKE_SHARES, REAL_SHARES)))
