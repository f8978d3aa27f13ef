"""The kernel distance against a float64 double loop and torch-fidelity; its variance against fresh samples."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from covering import Case, covers
from draws import skewed, two

from gantlet.core.errors import NonFiniteError, ShapeError, TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.kernel_distance import all_pairs, kernel_distance_subsets, kernel_sums
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return np.maximum(np.random.default_rng(seed).standard_normal((n, d)) + shift, 0).astype(np.float32)


def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a.astype(np.float64) @ b.T.astype(np.float64) / a.shape[1] + 1) ** 3 - 1


@pytest.mark.parametrize("memory", [10**5, 2 * 10**9], ids=["tiles of 64", "one tile"])
def test_sums_are_those_of_the_whole_matrix(memory: int) -> None:
    a, b = rows(150, 7, 0), rows(90, 7, 1)
    within, across = kernel(a, a), kernel(a, b)
    np.fill_diagonal(within, 0)
    found, cross = kernel_sums(a, memory=memory), kernel_sums(a, b, memory=memory)
    # Float64 sums of at most 22,500 positive numbers.
    np.testing.assert_allclose(found.rows, within.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(cross.rows, across.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(cross.columns, across.sum(axis=0), rtol=1e-12)
    assert found.squares == pytest.approx((within**2).sum(), rel=1e-12)
    assert cross.squares == pytest.approx((across**2).sum(), rel=1e-12)


def test_all_pairs_equal_torch_fidelitys_estimator_at_equal_sizes(torch_fidelity: Callable[[str], ModuleType]) -> None:
    real, fake = rows(200, 32, 0), rows(200, 32, 1, 0.1)
    expected = torch_fidelity("metric_kid").mmd2(kernel(fake, fake), kernel(fake, real), kernel(real, real))
    assert all_pairs(real, fake).value == pytest.approx(expected, rel=1e-6)


def test_subsets_equal_torch_fidelity(torch_fidelity: Callable[[str], ModuleType]) -> None:
    real, fake = rows(300, 32, 0), rows(260, 32, 1, 0.1)
    expected = torch_fidelity("metric_kid").kid_features_to_metric(
        torch.from_numpy(fake).double(), torch.from_numpy(real).double(), kid_subsets=10, kid_subset_size=100,
        rng_seed=2020, verbose=False,
    )  # fmt: skip
    mean, std, _ = kernel_distance_subsets(real, fake, np.random.RandomState(2020), subsets=10, size=100)
    assert mean == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-6)
    assert std == pytest.approx(expected["kernel_inception_distance_std"], rel=1e-6)


@pytest.mark.parametrize("shift", [0.0, 0.3], ids=["null", "apart"])
def test_variance_is_that_of_fresh_samples_and_value_is_unbiased(shift: float) -> None:
    drawn = [all_pairs(rows(60, 3, 2 * s), rows(90, 3, 2 * s + 1, shift)) for s in range(400)]
    found = np.array([[squared.value, squared.variance] for squared in drawn])
    # A variance from 400 draws: relative sd ≈ √((κ − 1)/400) ≈ 8 % with kurtosis up to 4: 30 %; at the null the floor
    # makes it too large by design, up to (4/3)² ≈ 1.8.
    ratio = found[:, 1].mean() / found[:, 0].var(ddof=1)
    assert 0.7 < ratio < (1.8 if shift == 0.0 else 1.3)
    if shift == 0.0:
        assert abs(found[:, 0].mean()) < 4 * found[:, 0].std() / 20


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(TooFewSamples, match="real=1, fake=5"):
        all_pairs(rows(1, 2, 0), rows(5, 2, 0))
    with pytest.raises(TooFewSamples, match="1,000 samples per side; got real=5"):
        kernel_distance_subsets(rows(5, 2, 0), rows(5, 2, 0), np.random.RandomState(0))
    with pytest.raises(ShapeError):
        kernel_distance_subsets(rows(5, 2, 0), rows(5, 3, 0), np.random.RandomState(0))
    huge = rows(20, 2, 0) * np.float32(1e37)
    with pytest.raises(NonFiniteError, match="rescale"):
        all_pairs(huge, huge)


def test_products_in_single_precision_change_nothing_that_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    sides = [np.maximum(rng.standard_normal((1500, 64)) + shift, 0).astype(np.float32) for shift in (0.0, 0.05)]
    exact = all_pairs(*sides)
    monkeypatch.setattr("gantlet.evaluation.metrics.kernel_distance.EXACT_ROWS", 0)
    single = all_pairs(*sides)
    # a product's error is about 6e-8·√64 of a kernel near 2; the mean over 10⁶ independent ones is 1e-3 of that: 1e-9
    assert single.value == pytest.approx(exact.value, abs=1e-8) and exact.value > 1e-4
    assert single.variance == pytest.approx(exact.variance, rel=1e-4)


@covers("kernel_distance")
def test_the_interval_covers_the_closed_form() -> Case:
    shift = 0.3

    # d = 1: E (xy + 1)³ = Σ_p C(3, p) E x^p E y^p; moments of a + U(−1, 1).
    def mean_kernel(a: float, b: float) -> float:
        x, y = ([1.0, mean, mean**2 + 1 / 3, mean**3 + mean] for mean in (a, b))
        return sum(c * p * q for c, p, q in zip((1, 3, 3, 1), x, y, strict=True))

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([2, repeat])
        real, fake = ((rng.uniform(-1, 1, (1000, 1)) + a).astype(np.float32) for a in (0.0, shift))
        return Evidence(FeatureBank(real), FeatureBank(fake), seed=repeat)

    return Case(draw, mean_kernel(0, 0) + mean_kernel(shift, shift) - 2 * mean_kernel(0, shift))


@covers("kernel_distance")
def test_the_interval_covers_zero_at_the_null() -> Case:
    return Case(two(300, 8), 0.0)


@pytest.mark.parametrize("case", ["null", "away"])
@covers("kernel_distance")
def test_the_interval_covers_the_mean_of_fresh_draws_of_skewed_features(case: str) -> Case:
    return Case(skewed(300, case))


def test_subsets_carry_the_rows_that_they_drew() -> None:
    rng = np.random.default_rng(0)
    real, fake = (FeatureBank(rng.standard_normal((300, 3)).astype(np.float32)) for _ in range(2))
    (one,) = compute(Evidence(real, fake), ["kernel_distance[subsets=1,size=50]"])
    assert (one.n_real, one.n_fake, one.low) == (50, 50, None)
    assert "one subset" in one.notes[-1]
    (several,) = compute(Evidence(real, fake), ["kernel_distance[subsets=3,size=50]"])
    assert 50 < several.n_real < 150
    assert several.low < several.value < several.high


@pytest.mark.parametrize("scale", [1e-4, 1e-8, 1e-12])
def test_small_features_lose_no_digits(scale: float) -> None:
    """(t + 1)³ − 1 = 3t + O(t²): MMD² of small features is 3/d times the unbiased squared distance of their means, and so are its ends."""
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((60, 16)), rng.standard_normal((50, 16)) + 0.5
    found = all_pairs((scale * real).astype(np.float32), (scale * fake).astype(np.float32))
    means = [
        (np.square(side.sum(axis=0)).sum() - np.square(side).sum()) / (len(side) * (len(side) - 1))
        for side in (real, fake)
    ]
    expected = sum(means) - 2 * real.mean(axis=0) @ fake.mean(axis=0)
    # Terms of second order in t: 3t² beside 3t, |t| ≤ 10 scale²; float32 rows: 1e-7 of products that are a hundred times the distance.
    assert found.value / (3 / 16 * scale**2) == pytest.approx(expected, rel=1e-4 + 100 * scale**2)
    low, high = found.interval(0.95)
    assert 0 < low < found.value < high < 3 * found.value


def test_below_ten_images_a_side_there_is_no_interval() -> None:
    rng = np.random.default_rng(0)
    for n in (2, 9, 10):
        sides = [FeatureBank(rng.standard_normal((n, 4)).astype(np.float32)) for _ in range(2)]
        (found,) = compute(Evidence(*sides), ["kernel_distance"])
        assert found.value is not None and (found.low is None) == (n < 10)
        assert any("does not hold below 10 images" in note for note in found.notes) == (n < 10)


def test_features_beyond_what_floats_can_sum_are_undefined_in_words() -> None:
    rows = FeatureBank((1e30 * np.random.default_rng(0).standard_normal((30, 4))).astype(np.float32))
    other = FeatureBank((1e30 * np.random.default_rng(1).standard_normal((30, 4))).astype(np.float32))
    (found,) = compute(Evidence(rows, other), ["frechet_distance"])
    assert found.value is None and "too large for its sums; divide both sides by one number" in found.notes[0]
