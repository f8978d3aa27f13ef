"""Intervals against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.inference.intervals import SquaredDistance, normal, normal_of_square, poisson, wilson


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.6, 0.999))
def test_wilson_is_scipys(counts: tuple[int, int], level: float) -> None:
    k, n = counts
    expected = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    # Both evaluate the same closed form in float64.
    np.testing.assert_allclose(wilson(k, n, level), (expected.low, expected.high), atol=1e-9)


def test_normal_is_scipys() -> None:
    assert normal(2.0, 9.0, 0.9) == pytest.approx(stats.norm.interval(0.9, 2.0, 3.0), rel=1e-12)


def test_no_samples_is_an_error() -> None:
    with pytest.raises(TooFewSamples):
        wilson(0, 0, 0.95)


def test_the_interval_of_a_square_is_the_square_of_the_distances_interval() -> None:
    """√4 ± 1.96·0.4/(2·2) = 2 ± 0.196; where it would cross 0: 0.1 ± 1.96·0.4 from 0 on."""
    low, high = normal_of_square(4.0, 0.16, 0.95)
    assert low == pytest.approx((2 - 0.19599640) ** 2, abs=1e-7) and high == pytest.approx(
        (2 + 0.19599640) ** 2, abs=1e-7
    )
    low, high = normal_of_square(0.1, 0.16, 0.95)
    assert low == 0 and high == pytest.approx(0.1 + 1.9599640 * 0.4, abs=1e-7)


def test_the_interval_of_a_square_covers() -> None:
    """(1 + 0.2 Z)² about its median 1, Z normal: by monotony exactly the interval of 1 + 0.2 Z but for the slope's estimate."""
    drawn = 1 + 0.2 * np.random.default_rng(0).standard_normal(4_000)
    inside = [low <= 1 <= high for low, high in (normal_of_square(x * x, (2 * x * 0.2) ** 2, 0.95) for x in drawn)]
    assert abs(np.mean(inside) - 0.95) < 5 * (0.95 * 0.05 / 4_000) ** 0.5


@pytest.mark.parametrize("distance", [0.0, 1.0, 3.0, 10.0])
def test_the_interval_of_a_squared_distance_holds_its_mean_from_the_null_on(distance: float) -> None:
    """T = |δ + ξ|², ξ normal in five dimensions: mean |δ|² + 5, at the null variance 10, influence 2(δ + ξ) with variance 4T."""
    drawn = np.random.default_rng(0).standard_normal((4_000, 5))
    drawn[:, 0] += distance
    values = np.square(drawn).sum(axis=1)
    found = [SquaredDistance(t, 5.0, 10.0, max(0.0, 4 * t - 20), 4.0).interval(0.95) for t in values.tolist()]
    share = np.mean([low <= distance**2 + 5 <= high for low, high in found])
    assert 0.92 <= share <= 0.99


def test_the_mean_of_a_poisson_count_has_its_closed_form_and_its_limit() -> None:
    # No event: mid-P is ½ e^(−μ) … by the continuous count ½: Q(½, μ) = erfc(√μ) = 0.025.
    low, high = poisson(0.0, 0.95)
    assert low == 0 and high == pytest.approx(stats.norm.isf(0.0125) ** 2 / 2, rel=1e-9)
    assert poisson(7.0, 0.9, 1e9) == pytest.approx(poisson(7.0, 0.9), rel=1e-6)


@pytest.mark.parametrize(("events", "ratio"), [(2, 0.5), (2, 4.0), (15, 1.0)])
def test_a_count_up_to_an_event_of_another_process_is_covered(events: int, ratio: float) -> None:
    rng = np.random.default_rng(0)
    counts, repeats = np.unique(rng.poisson(ratio * rng.gamma(events, size=4_000)), return_counts=True)
    held = [low <= ratio * events <= high for low, high in (poisson(float(c), 0.95, float(events)) for c in counts)]
    assert 0.92 <= np.average(held, weights=repeats) <= 0.99
