"""Moments against NumPy, and the axioms of a monoid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gantlet.core.errors import NonFiniteError, ShapeError, TooFewSamples
from gantlet.evaluation.stats.moments import Moments, trace_root

rows = st.integers(0, 6).flatmap(lambda n: arrays(np.float64, (n, 3), elements=st.floats(-100, 100, width=32)))


def close(a: Moments, b: Moments) -> None:
    # Values up to 100, at most 18 rows: m2 is at most 2e5, rounding 18·2⁻⁵³ of that < 1e-9.
    assert a.n == b.n
    np.testing.assert_allclose(a.mean, b.mean, atol=1e-12)
    np.testing.assert_allclose(a.m2, b.m2, atol=1e-8)


def test_equals_numpy_on_float32_features() -> None:
    features = np.random.default_rng(0).standard_normal((9000, 7)).astype(np.float32) + 100
    moments = Moments.of(features)
    # Float64 of exact inputs: relative 1e-12 leaves 4 digits over n·2⁻⁵³.
    np.testing.assert_allclose(moments.mean, features.astype(np.float64).mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(moments.cov, np.cov(features.astype(np.float64), rowvar=False), rtol=1e-10, atol=1e-13)


@given(rows, rows, rows)
def test_merge_is_associative(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    x, y, z = Moments.of(a), Moments.of(b), Moments.of(c)
    close(x.merge(y).merge(z), x.merge(y.merge(z)))


@given(rows)
def test_identity_changes_nothing(a: np.ndarray) -> None:
    moments, nothing = Moments.of(a), Moments.identity(3)
    for merged in (moments.merge(nothing), nothing.merge(moments)):
        assert merged.n == moments.n
        np.testing.assert_array_equal(merged.m2, moments.m2)


@given(rows, rows)
def test_merge_of_a_split_is_the_whole(a: np.ndarray, b: np.ndarray) -> None:
    whole = Moments.of(np.concatenate([a, b]))
    close(Moments.of(a).merge(Moments.of(b)), whole)
    close(Moments.of(a).update(b), whole)


def test_centred_rows_are_kept_while_fewer_than_dimensions() -> None:
    rows = np.random.default_rng(0).standard_normal((7, 6)) + 5
    merged = Moments.of(rows[:2]).merge(Moments.of(rows[2:5]))
    assert merged.centred is not None
    # Rounding of numbers of size 5: 1e-15 each.
    np.testing.assert_allclose(merged.centred, rows[:5] - rows[:5].mean(axis=0), atol=1e-13)
    factor, full = merged.factor
    np.testing.assert_allclose(factor @ factor.T, merged.cov, atol=1e-13)
    assert not full
    assert merged.merge(Moments.of(rows[5:])).centred is None


def test_one_sample_is_not_dropped() -> None:
    merged = Moments.of(np.array([[0.0]])).merge(Moments.of(np.array([[2.0]])))
    assert (merged.n, merged.mean[0], merged.cov[0, 0]) == (2, 1.0, 2.0)


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(TooFewSamples, match="got 1"):
        Moments.of(np.ones((1, 2))).cov
    with pytest.raises(ShapeError, match="2 and 3"):
        Moments.identity(2).merge(Moments.identity(3))
    with pytest.raises(NonFiniteError, match="rows 0 to 1"):
        Moments.of(np.array([[1.0], [np.nan]]))


def square_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    root: np.ndarray = vectors * np.sqrt(values.clip(0)) @ vectors.T
    return root


def sides() -> dict[str, Moments]:
    """Return moments in 12 dimensions: few rows, few rows of low rank, many rows of low rank, many rows of full rank."""
    rng = np.random.default_rng(0)
    thin = rng.standard_normal((4, 12))
    return {
        "few": Moments.of(rng.standard_normal((9, 12))),
        "few, flat": Moments.of(rng.standard_normal((9, 4)) @ thin),
        "many, flat": Moments.of(rng.standard_normal((60, 4)) @ thin),
        "many": Moments.of(rng.standard_normal((60, 12))),
    }


@pytest.mark.parametrize("real", sides())
@pytest.mark.parametrize("fake", sides())
def test_every_route_to_the_trace_of_the_root_agrees(real: str, fake: str) -> None:
    one, other = sides()[real], sides()[fake]
    root = square_root(one.cov)
    values = np.linalg.eigvalsh(root @ other.cov @ root).clip(0)
    # An independent route through two symmetric eigenproblems. One of d zero eigenvalues comes out as d·2⁻⁵³·λ_max.
    rounding = 12 * np.sqrt(12 * 2.0**-53 * values.max())
    assert trace_root(one, other) == pytest.approx(np.sqrt(values).sum(), abs=rounding)
    summary = Moments(other.n, other.mean, other.m2)  # as a statistics file holds them: without rows
    assert trace_root(one, summary) == pytest.approx(np.sqrt(values).sum(), abs=rounding)
