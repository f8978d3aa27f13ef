"""The precision-recall curve against its closed forms and a literal loop; planted mode dropping."""

import numpy as np
import pytest
from covering import Case, covers
from draws import skewed

from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.prd import f_beta, prd
from gantlet.evaluation.stats.feature_bank import FeatureBank


def test_equals_the_definition_in_a_loop() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(7)), rng.dirichlet(np.ones(7))
    precision, recall = prd(p, q, 11)
    for a, angle in enumerate(np.linspace(1e-6, np.pi / 2 - 1e-6, 11)):
        slope = np.tan(angle)
        # β = Σ min(p, q/λ), written out; slopes up to 1e6 lose 6 of 16 digits.
        assert recall[a] == pytest.approx(sum(min(x, y / slope) for x, y in zip(p, q, strict=True)), abs=1e-9)
        assert precision[a] == pytest.approx(sum(min(slope * x, y) for x, y in zip(p, q, strict=True)), abs=1e-9)
    for beta in (0.125, 1.0, 8.0):
        best = max((1 + beta**2) * a * r / (beta**2 * a + r) for a, r in zip(precision, recall, strict=True))
        assert f_beta(precision, recall, beta) == pytest.approx(best)


def test_equal_disjoint_and_half_covered() -> None:
    uniform = np.full(4, 0.25)
    assert f_beta(*prd(uniform, uniform), 1.0) == pytest.approx(1)
    assert f_beta(*prd(np.array([1.0, 0.0]), np.array([0.0, 1.0])), 1.0) == 0
    # Fakes cover two of four modes: all of them are right (α = 1), half is covered (β = 1/2).
    half = np.array([0.5, 0.5, 0, 0])
    precision, recall = prd(uniform, half, 100_001)
    assert f_beta(precision, recall, 1 / 8) == pytest.approx((1 + 1 / 64) * 0.5 / (1 / 64 + 0.5), rel=1e-4)
    assert f_beta(precision, recall, 8.0) == pytest.approx(65 * 0.5 / (64 + 0.5), rel=1e-4)


def test_dropped_modes_lower_recall_not_precision() -> None:
    centres = 20 * np.eye(10, dtype=np.float32)

    def bank(n: int, modes: int, seed: int) -> FeatureBank:
        rng = np.random.default_rng(seed)
        return FeatureBank((centres[rng.integers(0, modes, n)] + rng.standard_normal((n, 10))).astype(np.float32))

    found = compute(Evidence(bank(1000, 10, 0), bank(1000, 5, 1)), ["prd"])[0]
    assert found.details["f1_8"] > 0.85
    assert found.details["f8"] < 0.65
    assert found.interval == "subsampling"


@pytest.mark.parametrize("case", ["null", "away"])
@covers("prd")
def test_the_interval_covers_the_mean_of_fresh_draws(case: str) -> Case:
    return Case(skewed(300, case))


def test_halves_with_too_few_different_rows_give_no_interval() -> None:
    rows = np.random.default_rng(0).standard_normal((24, 3)).astype(np.float32)
    found = compute(Evidence(FeatureBank(rows[:12]), FeatureBank(rows[12:])), ["prd"])[0]
    assert found.value is not None and found.low is None
    assert "no interval: in a half of the rows, 20 clusters need 20" in found.notes[-1]
