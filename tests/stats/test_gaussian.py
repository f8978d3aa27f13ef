"""Potentials by finite differences; the permutation null against real relabelling."""

import numpy as np
import pytest

from gantlet.errors import TooFewSamples
from gantlet.metrics.frechet_distance import frechet_distance
from gantlet.stats.evidence import Evidence
from gantlet.stats.feature_bank import FeatureBank
from gantlet.stats.gaussian import potentials
from gantlet.stats.moments import Moments


def rows(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + shift).astype(np.float32)


def test_potentials_are_the_derivative_in_the_weight_of_a_row() -> None:
    real, fake = rows(60, 4, 0), rows(50, 4, 1, 0.5)
    found = potentials(real, fake, Moments.of(real), Moments.of(fake))
    assert not found.singular

    def weighted(index: int, amount: float) -> float:
        weights = np.full(len(fake), 1 / len(fake)) * (1 - amount)
        weights[index] += amount
        mean = weights @ fake.astype(np.float64)
        x = fake - mean
        cov = (x * weights[:, None]).T @ x * (len(fake) / (len(fake) - 1))
        return frechet_distance(Moments.of(real), Moments(len(fake), mean, cov * (len(fake) - 1)))

    step = 1e-5
    slopes = [(weighted(i, step) - weighted(i, -step)) / (2 * step) for i in range(10)]
    # Central differences: error O(step²)·third derivative ≈ 1e-8.
    scaled = found.fake[:10] - found.fake.mean()
    expected = np.array(slopes) - np.mean([(weighted(i, step) - weighted(i, -step)) / (2 * step) for i in range(50)])
    # The divisor n − 1 against n changes the quadratic part by 1/49; the linear part is exact.
    np.testing.assert_allclose(scaled, expected, rtol=0.05, atol=0.05 * np.abs(expected).max())


def test_potentials_vanish_where_both_sides_are_one_set() -> None:
    real = rows(80, 5, 2)
    found = potentials(real, real, Moments.of(real), Moments.of(real))
    assert np.abs(found.real).max() < 1e-9 * np.square(real).sum(axis=1).max()


def test_fewer_samples_than_dimensions_are_flagged_as_singular() -> None:
    real, fake = rows(10, 20, 3), rows(12, 20, 4)
    found = potentials(real, fake, Moments.of(real), Moments.of(fake))
    assert found.singular
    assert np.isfinite(found.variance)


@pytest.mark.parametrize("n_fake", [600, 240])
def test_the_null_equals_relabelling_single_rows(n_fake: int) -> None:
    # Oracle: the exact distance after 200 random relabellings of single rows.
    rng = np.random.default_rng(5)
    pool = np.concatenate([rows(600, 6, 6), rows(600, 6, 6)[:n_fake]])
    pool += 0.01 * rng.standard_normal(pool.shape).astype(np.float32)
    banks = FeatureBank(pool[:600]), FeatureBank(pool[600:])
    laws = [Evidence(*banks, seed=seed).gaussian_null.distances(1, np.random.default_rng(seed)) for seed in range(10)]
    found = np.array([law[1:, 0] for law in laws])
    exact = []
    for _ in range(300):
        order = rng.permutation(len(pool))
        exact.append(frechet_distance(Moments.of(pool[order[:600]]), Moments.of(pool[order[600:]])))
    # One law, conditional on its 40 groups, has a mean with relative sd ≈ √(2/(39·2)) = 16 %, ten of them 5 %; the
    # exact mean's is 0.6/√300 = 3.5 %: 15 %. The spread is a second moment: 25 %.
    assert found.mean() == pytest.approx(np.mean(exact), rel=0.15)
    assert found.std(axis=1).mean() == pytest.approx(np.std(exact), rel=0.25)


def test_too_few_samples_for_groups() -> None:
    with pytest.raises(TooFewSamples, match="real=19"):
        Evidence(FeatureBank(rows(19, 2, 0)), FeatureBank(rows(40, 2, 1))).gaussian_null
