"""Intervals against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.inference.intervals import bootstrap_mean, normal, normal_of_square, wilson


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.6, 0.999))
def test_wilson_is_scipys(counts: tuple[int, int], level: float) -> None:
    k, n = counts
    expected = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    # Both evaluate the same closed form in float64.
    np.testing.assert_allclose(wilson(k, n, level), (expected.low, expected.high), atol=1e-9)


def test_normal_is_scipys() -> None:
    assert normal(2.0, 9.0, 0.9) == pytest.approx(stats.norm.interval(0.9, 2.0, 3.0), rel=1e-12)


def test_bootstrap_of_a_mean_is_near_the_normal_interval() -> None:
    values = np.random.default_rng(0).standard_exponential(400)
    low, high = bootstrap_mean(values, 0.95, np.random.default_rng(1))
    # The ends are quantiles of 1000 resamples: their standard error is about 0.08 standard errors of the mean, and
    # skewness moves them by as much again; 0.4 is a wide margin.
    error = values.std(ddof=1) / 20
    assert (low, high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.4 * error)


def test_bootstrap_ignores_the_order_of_values() -> None:
    values = np.random.default_rng(0).standard_normal(50)
    one, other = (bootstrap_mean(v, 0.95, np.random.default_rng(1)) for v in (values, values[::-1].copy()))
    assert one == other


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
