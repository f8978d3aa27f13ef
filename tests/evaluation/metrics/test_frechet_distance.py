"""The Fréchet distance against its closed form and torch-fidelity; its interval against the bootstrap."""

import dataclasses
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from covering import Case, covers, value
from draws import skewed, stretched, two

from gantlet.core.errors import NonFiniteError, ShapeError, TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.standing import standings
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.moments import Moments


def rows(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((d, d)) / d**0.5
    return np.maximum(rng.standard_normal((n, d)) @ mixing + shift, 0).astype(np.float32)


def normal(mean: np.ndarray, spread: np.ndarray) -> Moments:
    return Moments(11, mean, np.diag(spread**2) * 10)


def test_closed_form_of_commuting_gaussians() -> None:
    a, b = np.array([1.0, 2.0, 0.5]), np.array([2.0, 0.1, 0.5])
    # Diagonal covariances: |Δm|² + Σ (a_i − b_i)².
    expected = 9 * 3 + float(((a - b) ** 2).sum())
    assert frechet_distance(normal(np.zeros(3), a), normal(np.full(3, 3.0), b)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(400, 300), (40, 30)], ids=["n > d", "n ≤ d"])
def test_equals_torch_fidelity(torch_fidelity: Callable[[str], ModuleType], n: int, m: int) -> None:
    real, fake = rows(n, 48, 0), rows(m, 48, 1, 0.2)
    oracle = torch_fidelity("metric_fid")
    statistics = [oracle.fid_features_to_statistics(torch.from_numpy(x.astype(np.float64))) for x in (real, fake)]
    expected = oracle.fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]
    assert frechet_distance(Moments.of(real), Moments.of(fake)) == pytest.approx(expected, rel=1e-6)


def test_is_symmetric_zero_for_equal_sets_and_never_negative() -> None:
    a, b = Moments.of(rows(100, 10, 0)), Moments.of(rows(90, 10, 1))
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-10)
    # Two traces of size about 5 less twice a root of the same size: rounding 1e-13.
    assert 0 <= frechet_distance(a, a) < 1e-12


def test_constant_fakes_are_as_far_as_their_mean_and_the_real_spread() -> None:
    real = rows(50, 4, 0)
    fake = np.full((20, 4), 2.0, dtype=np.float32)
    moments = Moments.of(real)
    expected = float(np.square(moments.mean - 2).sum() + np.trace(moments.cov))
    assert frechet_distance(moments, Moments.of(fake)) == pytest.approx(expected, rel=1e-12)


def test_delta_interval_agrees_with_the_bootstrap() -> None:
    real, fake = rows(600, 6, 0), rows(500, 6, 1, 0.4)
    estimate = compute(Evidence(FeatureBank(real), FeatureBank(fake)), ["frechet_distance"])[0]
    assert estimate.interval == "delta"
    rng = np.random.default_rng(2)
    resampled = [
        frechet_distance(Moments.of(real[rng.integers(0, 600, 600)]), Moments.of(fake[rng.integers(0, 500, 500)]))
        for _ in range(400)
    ]
    # The sd of 400 resamples has relative error 1/√800 = 3.5 %; second-order terms at d/n = 1 % add as much: 12 %.
    assert estimate.details["standard_error"] == pytest.approx(np.std(resampled), rel=0.12)


def test_the_null_is_recognised_and_its_interval_says_so() -> None:
    estimate = compute(Evidence(FeatureBank(rows(400, 8, 0)), FeatureBank(rows(400, 8, 1))), ["frechet_distance"])[0]
    assert estimate.interval == "permutation"
    assert estimate.details["p_value"] > 0.05
    assert "permutation" in estimate.notes[-1]


def test_a_real_difference_is_recognised_with_unequal_sizes() -> None:
    evidence = Evidence(FeatureBank(rows(3000, 8, 0)), FeatureBank(rows(100, 8, 1, 0.5)))
    estimate = compute(evidence, ["frechet_distance"])[0]
    assert (estimate.interval, estimate.details["p_value"]) == ("delta", 0.001)


def test_small_samples_warn() -> None:
    few = compute(Evidence(FeatureBank(rows(30, 40, 0)), FeatureBank(rows(35, 40, 1))), ["frechet_distance"])[0]
    assert "n = 30 ≤ d = 40" in few.notes[0]
    more = compute(Evidence(FeatureBank(rows(60, 40, 0)), FeatureBank(rows(65, 40, 1))), ["frechet_distance"])[0]
    assert "n = 60 < 2d = 80" in more.notes[0]


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(ShapeError, match="3 dimensions, fake 2"):
        frechet_distance(Moments.identity(3), Moments.identity(2))
    with pytest.raises(TooFewSamples, match="real=9, fake=1"):
        frechet_distance(Moments.of(rows(9, 3, 0)), Moments.of(rows(1, 3, 0)))
    with pytest.raises(NonFiniteError):
        frechet_distance(Moments(5, np.zeros(2), np.diag([np.inf, 1.0])), normal(np.zeros(2), np.ones(2)))


@covers("frechet_distance")
def test_the_interval_covers_the_closed_form() -> Case:
    return stretched()


@pytest.mark.slow
def test_permutation_p_values_are_uniform_at_the_null() -> None:
    # P(p ≤ 0.05) = 0.05 exactly for an exact test; 400 repeats: binomial sd 0.011.
    draw = two(200, 8)
    p_values = [value("frechet_distance", draw(repeat)).details["p_value"] for repeat in range(400)]
    assert 0.02 <= np.mean(np.array(p_values) <= 0.05) <= 0.085


@pytest.mark.slow
def test_the_null_spread_is_that_of_fresh_samples() -> None:
    draw = two(600, 16)
    estimates = [value("frechet_distance", draw(repeat)) for repeat in range(200)]
    widths = [estimate.high - estimate.low for estimate in estimates if estimate.interval == "permutation"]
    # 95 % of fresh values lie within an interval of this width; the conditional spread over 40 groups is noisy by a
    # tenth.
    spread = np.ptp(np.quantile([estimate.value for estimate in estimates], [0.025, 0.975]))
    assert spread == pytest.approx(np.median(widths), rel=0.3)


@pytest.mark.parametrize("case", ["null", "near", "away"])
@covers("frechet_distance")
def test_the_interval_covers_the_mean_of_fresh_draws_of_skewed_features(case: str) -> Case:
    return Case(skewed(300, case))


def test_the_noise_within_sides_does_not_grow_with_the_distance_between_them() -> None:
    # A shift moves every group of one side alike; relabelled whole groups would count it as noise, a hundred times over here.
    noise = [two(400, 4, shift)(0).gaussian_null.within().distances(np.random.default_rng(1)) for shift in (0.0, 5.0)]
    assert noise[1].std() < 3 * noise[0].std()
    relabelled = two(400, 4, 5.0)(0).gaussian_null.distances(np.random.default_rng(1))
    assert relabelled[1:].std() > 30 * noise[1].std()


@pytest.mark.parametrize("seed", [1, 2, 9])
def test_a_single_image_that_carries_the_variance_widens_the_interval(seed: int) -> None:
    """Lognormal features: 3 of 20 honest sets stood out beside their reference, these three, by z up to 4."""
    sides = np.exp(np.random.default_rng([7, seed]).standard_normal((3, 300, 16))).astype(np.float32)
    real, fake, held_out = (FeatureBank(side) for side in sides)
    value, reference = (compute(Evidence(real, bank), ["frechet_distance"])[0] for bank in (fake, held_out))
    assert any(note.startswith("heavy tails") for note in value.notes)
    assert standings([dataclasses.replace(value, reference=reference)], 0.95)[0].state == "unclear"


def test_normal_features_have_no_heavy_tails() -> None:
    real, fake = np.random.default_rng(0).standard_normal((2, 300, 16)).astype(np.float32)
    (plain,) = compute(Evidence(FeatureBank(real), FeatureBank(fake)), ["frechet_distance"])
    assert not any("heavy tails" in note for note in plain.notes)
