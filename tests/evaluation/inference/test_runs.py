"""Numbers over runs: the interval holds the method's mean, the split is unbiased, equal methods rarely differ, the plan is right."""

import math

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_ind

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.inference.runs import detectable_gap, difference_over_runs, over_runs, runs_to_show

TRUTH, TRAINING, SAMPLING = 5.0, 1.0, 0.5


def drawn(rng: np.random.Generator, k: int, reference: float, training: float = TRAINING) -> np.ndarray:
    """Return the numbers of k fresh runs, with fresh sampling errors and fresh real images, which they share."""
    shared = rng.normal(0, math.sqrt(reference))
    return TRUTH + rng.normal(0, math.sqrt(training), k) + rng.normal(0, math.sqrt(SAMPLING), k) + shared


@pytest.mark.parametrize("k", [3, 5, 10])
@pytest.mark.parametrize(("training", "reference"), [(1.0, 0.0), (1.0, 0.3), (0.0, 0.1), (4.0, 0.1)])
def test_intervals_hold_the_mean_and_the_split_is_unbiased(k: int, training: float, reference: float) -> None:
    rng = np.random.default_rng([k, round(10 * training), round(10 * reference)])
    results = [over_runs(drawn(rng, k, reference, training).tolist(), SAMPLING, reference) for _ in range(2000)]
    held = np.mean([each.low <= TRUTH <= each.high for each in results])
    assert 0.935 <= held <= 0.985, held  # sd of the share .005; two parts of one variance are held a little too often
    found = np.array([each.training for each in results], dtype=float)
    assert abs(found.mean() - training) < 4 * found.std() / math.sqrt(len(found))


def test_a_new_run_lies_in_its_range() -> None:
    rng = np.random.default_rng(0)
    held = []
    for _ in range(2000):
        *values, new = drawn(rng, 6, 0.3)
        held.append(over_runs(values, SAMPLING, 0.3).new_low <= new <= over_runs(values, SAMPLING, 0.3).new_high)
    assert 0.93 <= np.mean(held) <= 0.97


def test_with_the_real_images_fixed_it_is_students_interval() -> None:
    values = [1.0, 2.0, 4.0, 5.5]
    low, high = student.interval(0.9, 3, np.mean(values), np.std(values, ddof=1) / 2)
    result = over_runs(values, None, None, 0.9)
    assert (result.low, result.high) == pytest.approx((low, high), rel=1e-12)
    assert result.training is None


def test_the_difference_is_welchs_test() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(0, 1, 4), rng.normal(1, 3, 7)
    expected = ttest_ind(a, b, equal_var=False)
    found = difference_over_runs(a, b)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.freedom == pytest.approx(expected.df, rel=1e-9)
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)


@pytest.mark.parametrize("k", [3, 5, 10])
def test_equal_methods_rarely_differ_and_what_is_detectable_is_found(k: int) -> None:
    rng = np.random.default_rng(k)
    false = np.mean([difference_over_runs(drawn(rng, k, 0), drawn(rng, k, 0)).p_value <= 0.05 for _ in range(2000)])
    assert false <= 0.06
    spread = TRAINING + SAMPLING
    gap = detectable_gap((spread, spread), k)
    found = [difference_over_runs(drawn(rng, k, 0) + gap, drawn(rng, k, 0)).p_value <= 0.05 for _ in range(1000)]
    assert 0.75 <= np.mean(found) <= 0.85  # sd .013
    assert runs_to_show(gap, (spread, spread)) == k
    assert runs_to_show(1e-6, (spread, spread)) is None


def test_runs_without_spread_and_too_few_of_them() -> None:
    same = over_runs([2.0, 2.0], 0.0, 0.0)
    assert (same.low, same.high) == (2.0, 2.0)
    assert difference_over_runs([1.0, 1.0], [1.0, 1.0]).p_value == 1.0
    assert difference_over_runs([1.0, 1.0], [2.0, 2.0]).p_value == 0.0
    with pytest.raises(TooFewSamples, match="--seeds 5"):
        over_runs([1.0], None, None)
