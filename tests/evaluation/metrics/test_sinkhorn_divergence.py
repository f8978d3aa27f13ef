"""The Sinkhorn divergence against POT's plans; its potentials against finite differences."""

import numpy as np
import ot
import pytest
from covering import Case, covers
from draws import two

from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.sinkhorn_divergence import sinkhorn_divergence
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n, 3)) + shift).astype(np.float32)


def entropic(x: np.ndarray, y: np.ndarray, epsilon: float) -> float:
    cost = ot.dist(x.astype(np.float64), y.astype(np.float64))
    a, b = np.full(len(x), 1 / len(x)), np.full(len(y), 1 / len(y))
    plan = ot.sinkhorn(a, b, cost, epsilon, method="sinkhorn_log", stopThr=1e-7, numItermax=20_000)
    return float((plan * cost).sum() + epsilon * (plan * np.log(plan * cost.size)).sum())


def test_equals_pots_plans() -> None:
    real, fake = rows(40, 0), rows(35, 1, 0.4)
    expected = entropic(real, fake, 0.5) - entropic(real, real, 0.5) / 2 - entropic(fake, fake, 0.5) / 2
    # Marginal errors of 1e-6 times potentials of size 10.
    assert sinkhorn_divergence(real, fake, 0.5, 1e-6)[0] == pytest.approx(expected, abs=2e-5)


def test_zero_for_equal_sets_and_the_squared_shift_for_a_shift() -> None:
    real = rows(80, 2)
    assert sinkhorn_divergence(real, real, 0.5, 1e-4)[0] == pytest.approx(0, abs=1e-4)
    # Translation by s adds |s|² exactly; float32 inputs and marginal errors: 1e-4.
    assert sinkhorn_divergence(real, real + np.float32(2), 0.5, 1e-4)[0] == pytest.approx(12, rel=1e-4)


def test_potentials_are_the_derivative_in_the_weight_of_a_row() -> None:
    real, fake = rows(150, 3), 2 * rows(120, 4, 0.5)
    value, psi, _ = sinkhorn_divergence(real, fake, 1.0, 1e-6)
    slopes = [
        (sinkhorn_divergence(np.concatenate([real, real[i : i + 1]]), fake, 1.0, 1e-6)[0] - value) * 151
        for i in range(0, 150, 15)
    ]
    # One-sided difference with step 1/151: a row of weight 2/151 pulls at its own potential, 6 % of the largest.
    np.testing.assert_allclose(psi[::15], slopes, atol=0.06 * np.abs(psi).max())


def test_a_cap_is_said() -> None:
    evidence = Evidence(FeatureBank(rows(1100, 5)), FeatureBank(rows(300, 6, 1.0)))
    found = compute(evidence, ["sinkhorn_divergence"])[0]
    assert "1000 real and 300 fake" in found.notes[0]
    assert found.low is not None and found.low > 1


@covers("sinkhorn_divergence")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(two(300, 2, 1.0))
