"""The neighbour engine against brute force in float64, scikit-learn and prdc, ties and duplicates included."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prdc import compute_prdc
from sklearn.neighbors import NearestNeighbors

from gantlet.core.errors import NonFiniteError, ShapeError, TooFewSamples
from gantlet.evaluation.stats.neighbours import neighbours


def features(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return np.maximum(np.random.default_rng(seed).standard_normal((n, d)) + shift, 0).astype(np.float32)


def brute(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.sqrt(np.square(a.astype(np.float64)[:, None] - b[None]).sum(axis=2))

    within = [distances(side, side) for side in (real, fake)]
    for matrix in within:
        np.fill_diagonal(matrix, np.inf)
    return within[0], within[1], distances(real, fake)


def check_against_brute_force(real: np.ndarray, fake: np.ndarray, memory: int) -> None:
    rr, ff, rf = brute(real, fake)
    result = neighbours(real, fake, memory=memory)
    radius = {k: np.sort(rr, axis=1)[:, k - 1] for k in (3, 5)}
    fake_radius = np.sort(ff, axis=1)[:, 2]
    # Distances are exact float64 of the float32 rows, so only the order of summation differs.
    np.testing.assert_allclose(result.real.distances, np.sort(rr, axis=1)[:, :5], rtol=1e-12)
    np.testing.assert_allclose(result.fake.distances, np.sort(ff, axis=1)[:, :5], rtol=1e-12)
    np.testing.assert_allclose(result.real_to_fake.distances[:, 0], rf.min(axis=1), rtol=1e-12)
    np.testing.assert_allclose(result.fake_to_real.distances[:, 0], rf.min(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(result.real_balls, (rf < radius[5][:, None]).sum(axis=0))
    np.testing.assert_array_equal(result.fakes_in_ball, (rf < radius[5][:, None]).sum(axis=1))
    np.testing.assert_array_equal(result.in_real_manifold, (rf <= radius[3][:, None]).any(axis=0))
    np.testing.assert_array_equal(result.in_fake_manifold, (rf <= fake_radius[None]).any(axis=1))
    alone = result.only_fake >= 0
    np.testing.assert_array_equal(alone, result.fakes_in_ball == 1)
    assert (rf[alone, result.only_fake[alone]] < radius[5][alone]).all()
    held = rf <= fake_radius[None]
    np.testing.assert_array_equal(result.only_ball, np.where(held.sum(1) == 1, held.argmax(1), -1))


@pytest.mark.parametrize("memory", [10**5, 2 * 10**9], ids=["tiles of 64", "one tile"])
def test_equals_brute_force(memory: int) -> None:
    check_against_brute_force(features(210, 12, 0), features(170, 12, 1, 0.3), memory)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(6, 30), st.integers(6, 30))
def test_equals_brute_force_where_distances_tie(seed: int, n: int, m: int) -> None:
    # Small integers on a grid far from the origin: exact ties and duplicates everywhere.
    rng = np.random.default_rng(seed)
    real, fake = (rng.integers(0, 4, (rows, 3)).astype(np.float32) + 1000 for rows in (n, m))
    check_against_brute_force(real, fake, 10**5)


def test_a_copied_set_counts_its_ties_exactly() -> None:
    real = features(120, 20, 2)
    check_against_brute_force(real, real.copy(), 10**5)


def test_equals_prdc() -> None:
    real, fake = features(300, 16, 3), features(250, 16, 4, 0.2)
    result = neighbours(real, fake)
    with contextlib.redirect_stdout(io.StringIO()):
        five, three = (compute_prdc(real.astype(np.float64), fake.astype(np.float64), k) for k in (5, 3))
    # Shares and counts: equal but for the rounding of a mean.
    assert result.real_balls.mean() / 5 == pytest.approx(five["density"], rel=1e-12)
    assert (result.fakes_in_ball > 0).mean() == pytest.approx(five["coverage"], rel=1e-12)
    assert result.in_real_manifold.mean() == pytest.approx(three["precision"], rel=1e-12)
    assert result.in_fake_manifold.mean() == pytest.approx(three["recall"], rel=1e-12)


def test_indices_are_scikit_learns() -> None:
    real, fake = features(200, 8, 5), features(150, 8, 6)
    distances, indices = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(real).kneighbors(real)
    result = neighbours(real, fake)
    np.testing.assert_array_equal(result.real.indices, indices[:, 1:])
    np.testing.assert_allclose(result.real.distances, distances[:, 1:], rtol=1e-4)
    _, across = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(real).kneighbors(fake)
    np.testing.assert_array_equal(result.fake_to_real.indices, across)


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(TooFewSamples, match="real=5, fake=9"):
        neighbours(features(5, 2, 0), features(9, 2, 0))
    with pytest.raises(ShapeError, match="2 columns, fake ones 3"):
        neighbours(features(9, 2, 0), features(9, 3, 0))
    broken = features(9, 2, 0)
    broken[4, 1] = np.nan
    with pytest.raises(NonFiniteError, match=r"\(4, 1\)"):
        neighbours(broken, features(9, 2, 1))
