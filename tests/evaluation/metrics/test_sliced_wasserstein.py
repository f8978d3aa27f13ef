"""The sliced distance against POT; its potentials against finite differences."""

import numpy as np
import ot
import pytest
from covering import Case, covers
from draws import skewed, two

from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.sliced_wasserstein import (
    Steps,
    null_variance,
    sliced_costs,
    sliced_potential,
    sliced_wasserstein,
)
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n, d)) + shift).astype(np.float32)


@pytest.mark.parametrize(("n", "m"), [(50, 50), (40, 63), (1, 7)])
def test_equals_pot(n: int, m: int) -> None:
    real, fake = rows(n, 4, 0).astype(np.float64), rows(m, 4, 1, 0.3).astype(np.float64)
    directions = np.random.default_rng(2).standard_normal((4, 30))
    directions /= np.linalg.norm(directions, axis=0)
    expected = ot.sliced_wasserstein_distance(real, fake, projections=directions)
    found = sliced_wasserstein(real.astype(np.float32), fake.astype(np.float32), directions)
    # Quantile levels in POT are floating-point sums: relative 1e-9.
    assert found == pytest.approx(float(expected), rel=1e-8)


def test_potential_is_the_derivative_in_the_weight_of_a_row() -> None:
    # Doubling row i of 400 adds weight 1/401 to it: a one-sided difference, relative error O(1/400) of the spread.
    own, other = rows(400, 2, 0).T.astype(np.float64), (2 * rows(300, 2, 1) + 1).T.astype(np.float64)
    psi = sliced_potential(own, other)

    def cost(x: np.ndarray) -> float:
        return float(sliced_costs(np.sort(x, 1), np.sort(other, 1), Steps.of(x.shape[1], 300)).mean())

    base = cost(own)
    slopes = [(cost(np.concatenate([own, own[:, i : i + 1]], axis=1)) - base) * 401 for i in range(0, 400, 20)]
    np.testing.assert_allclose(psi[::20], slopes, atol=0.03 * np.abs(psi).max())


def test_a_pure_shift_is_its_length_along_the_lines_and_the_null_is_recognised() -> None:
    found = compute(Evidence(FeatureBank(rows(400, 1, 0)), FeatureBank(rows(400, 1, 0) + 2)), ["sliced_wasserstein"])[0]
    # One dimension: every direction is ±1. Features are float32: 1e-7.
    assert found.value == pytest.approx(2, rel=1e-6)
    assert found.interval == "delta"
    null = compute(Evidence(FeatureBank(rows(300, 3, 0)), FeatureBank(rows(300, 3, 1))), ["sliced_wasserstein"])[0]
    assert null.interval == "permutation"


@pytest.mark.parametrize("shift", [0.0, 0.8])
@covers("sliced_wasserstein")
def test_the_interval_covers_the_mean_of_fresh_draws_and_directions(shift: float) -> Case:
    return Case(two(300, 3, shift))


@pytest.mark.parametrize("case", ["null", "away"])
@covers("sliced_wasserstein")
def test_the_interval_covers_the_mean_of_fresh_draws_of_skewed_features(case: str) -> Case:
    return Case(skewed(300, case))


def test_the_null_variance_of_more_directions_is_that_of_shared_and_own_parts() -> None:
    # Along line j the distance is a + b_j, var a = 4, var b_j = 9: over 128 lines 4 + 9/128 (20,000 draws: 1 % of it; 5 sd).
    rng = np.random.default_rng(0)
    drawn = 2 * rng.standard_normal((20_000, 1)) + 3 * rng.standard_normal((20_000, 16))
    assert null_variance(drawn, 128) == pytest.approx(4 + 9 / 128, rel=0.05)
