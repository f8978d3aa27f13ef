"""Class statistics: moments of [p, Σ p log p], a monoid; bad probabilities are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantlet.core.errors import NonFiniteError, ShapeError
from gantlet.evaluation.stats.probabilities import ClassProbabilities


def some(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(4, 0.3), n)


def test_statistics_equal_direct_sums() -> None:
    p = some(500, 0)
    result, weights = ClassProbabilities.of(p), np.array([1.0, -2.0, 0.5, 3.0])
    entropy = (p * np.log(p)).sum(axis=1)
    # 500 float64 rows of numbers below 10: rounding about 1e-14.
    np.testing.assert_allclose(result.marginal, p.mean(axis=0), atol=1e-13)
    assert result.negative_entropy == pytest.approx(entropy.mean(), abs=1e-13)
    assert result.variance(weights, 1.5) == pytest.approx((p @ weights + 1.5 * entropy).var(ddof=1), rel=1e-11)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 9))
def test_merge_of_a_split_is_the_whole(n: int, m: int, seed: int) -> None:
    a, b = some(n, seed), some(m, seed + 100)
    whole = ClassProbabilities.of(np.concatenate([a, b]))
    merged = ClassProbabilities.of(a).merge(ClassProbabilities.of(b))
    assert merged.n == whole.n
    np.testing.assert_allclose(merged.moments.m2, whole.moments.m2, atol=1e-12)
    np.testing.assert_allclose(merged.marginal, whole.marginal, atol=1e-14)


def test_zero_probability_counts_as_zero_entropy() -> None:
    assert ClassProbabilities.of(np.eye(3)).negative_entropy == 0.0


@pytest.mark.parametrize("bad", [[[0.5, 0.6]], [[1.2, -0.2]]])
def test_what_is_not_a_probability_is_refused(bad: list[list[float]]) -> None:
    with pytest.raises(ShapeError, match="softmax"):
        ClassProbabilities.of(np.array(bad))


def test_nan_is_refused() -> None:
    with pytest.raises(NonFiniteError):
        ClassProbabilities.of(np.array([[np.nan, 1.0]]))
