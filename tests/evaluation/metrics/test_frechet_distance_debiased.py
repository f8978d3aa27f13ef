"""Richardson's rule is exact for biases b/n and c/n², and takes most of the bias away on Gaussians."""

import numpy as np
import pytest
from covering import Case, covers
from draws import skewed, stretched

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.metrics.frechet_distance_debiased import FIRST_ORDER, SECOND_ORDER, richardson
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.moments import Moments


@pytest.mark.parametrize(("coefficients", "order"), [(FIRST_ORDER, 1), (SECOND_ORDER, 2)])
def test_coefficients_keep_the_limit_and_cancel_the_bias(coefficients: dict[int, float], order: int) -> None:
    # F(n/k) = a + b k/n + c k²/n²: Σ w_k = 1 keeps a, Σ w_k k^p = 0 cancels b and c.
    assert sum(coefficients.values()) == pytest.approx(1)
    for power in range(1, order + 1):
        assert sum(w * k**power for k, w in coefficients.items()) == pytest.approx(0, abs=1e-14)


def test_parts_are_merges_of_quarters() -> None:
    rng = np.random.default_rng(0)
    real, fake = ([rng.standard_normal((n, 3)) for n in (9, 8, 9, 8)] for _ in range(2))
    value, plain = richardson([Moments.of(x) for x in real], [Moments.of(x) for x in fake])

    def between(a: list[np.ndarray], b: list[np.ndarray]) -> float:
        return frechet_distance(Moments.of(np.concatenate(a)), Moments.of(np.concatenate(b)))

    assert plain[1] == pytest.approx(between(real, fake), rel=1e-10)
    assert plain[2] == pytest.approx((between(real[::2], fake[::2]) + between(real[1::2], fake[1::2])) / 2, rel=1e-10)
    assert plain[4] == pytest.approx(np.mean([between([r], [f]) for r, f in zip(real, fake, strict=True)]), rel=1e-10)
    assert value == pytest.approx(8 / 3 * plain[1] - 2 * plain[2] + plain[4] / 3, rel=1e-12)


def test_first_order_where_quarters_are_single_rows() -> None:
    parts = [Moments.of(np.random.default_rng(q).standard_normal((1 + (q < 2), 2))) for q in range(4)]
    _, plain = richardson(parts, parts[::-1])
    assert set(plain) == {1, 2}


def test_takes_most_of_the_bias_away() -> None:
    d, n, values, plains = 24, 120, [], []
    for repeat in range(20):
        rng = np.random.default_rng(repeat)
        real, fake = rng.standard_normal((n, d)), 1.5 * rng.standard_normal((n, d))
        evidence = Evidence(FeatureBank(real.astype(np.float32)), FeatureBank(fake.astype(np.float32)), seed=repeat)
        estimate = compute(evidence, ["frechet_distance_debiased"])[0]
        values.append(estimate.value)
        plains.append(estimate.details["plain"])
    truth = d * 0.25
    # The plain bias is about 2.5 here; what Richardson leaves must be under a fifth of it.
    assert np.mean(plains) - truth > 1.0
    assert abs(np.mean(values) - truth) < 0.2 * (np.mean(plains) - truth)


def test_too_few_samples() -> None:
    with pytest.raises(TooFewSamples, match="real=3"):
        richardson([Moments.of(np.ones((n, 2))) for n in (1, 1, 1, 0)], [Moments.of(np.ones((4, 2)))] * 4)


@covers("frechet_distance_debiased")
def test_the_interval_covers_the_closed_form() -> Case:
    return stretched()


@pytest.mark.parametrize("case", ["null", "near", "away"])
@covers("frechet_distance_debiased")
def test_the_interval_covers_the_mean_of_fresh_draws_of_skewed_features(case: str) -> Case:
    return Case(skewed(300, case))
