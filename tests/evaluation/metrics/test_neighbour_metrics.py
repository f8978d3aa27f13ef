"""Precision, recall, density, coverage: torch-fidelity, prdc, enumeration, closed forms."""

import contextlib
import io
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from prdc import compute_prdc

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.coverage import coverage, effective_number, expected_coverage
from gantlet.evaluation.metrics.density import density
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, seed: int, shift: float = 0.0, d: int = 24) -> np.ndarray:
    return np.maximum(np.random.default_rng(seed).standard_normal((n, d)) + shift, 0).astype(np.float32)


def estimates(real: np.ndarray, fake: np.ndarray) -> dict[str, Estimate]:
    found = compute(Evidence(FeatureBank(real), FeatureBank(fake)), ["precision", "recall", "density", "coverage"])
    return {estimate.metric: estimate for estimate in found}


def test_precision_and_recall_equal_torch_fidelitys(torch_fidelity: Callable[[str], ModuleType]) -> None:
    real, fake = rows(300, 0), rows(240, 1, 0.4)
    expected = torch_fidelity("metric_prc").prc_features_to_metric(
        torch.from_numpy(fake).double(), torch.from_numpy(real).double(), prc_neighborhood=3, prc_batch_size=100,
        save_cpu_ram=True, verbose=False,
    )  # fmt: skip
    found = estimates(real, fake)
    # Shares of equal counts; torch-fidelity averages them in float32.
    assert found["precision"].value == pytest.approx(expected["precision"], rel=1e-6)
    assert found["recall"].value == pytest.approx(expected["recall"], rel=1e-6)
    assert 0 < expected["precision"] < 1
    assert expected["precision"] != expected["recall"]


def test_density_and_coverage_equal_prdcs() -> None:
    real, fake = rows(300, 0), rows(240, 1, 0.4)
    with contextlib.redirect_stdout(io.StringIO()):
        expected = compute_prdc(real.astype(np.float64), fake.astype(np.float64), 5)
    found = estimates(real, fake)
    assert found["density"].value == pytest.approx(expected["density"], rel=1e-12)
    assert found["coverage"].value == pytest.approx(expected["coverage"], rel=1e-12)


def test_sets_far_apart_score_zero_and_equal_sets_one() -> None:
    apart = estimates(rows(60, 0), rows(60, 1) + 100)
    assert [apart[name].value for name in ("precision", "recall", "density", "coverage")] == [0, 0, 0, 0]
    same = estimates(rows(60, 0), rows(60, 0))
    assert [same[name].value for name in ("precision", "recall", "coverage")] == [1, 1, 1]
    # Each real ball holds its centre and its 4 neighbours nearer than the 5th: exactly k of k.
    assert same["density"].value == 1


def test_collapsed_fakes_have_precision_but_no_recall() -> None:
    real = rows(100, 0)
    found = estimates(real, np.repeat(real[:1], 50, axis=0))
    assert found["precision"].value == 1
    assert found["recall"].value == 0.01
    assert found["coverage"].value is not None
    assert found["coverage"].value < 0.3


def test_expected_coverage_by_enumeration() -> None:
    # One real image, two other real ones and two fakes in random order of distance: covered unless both real come
    # first: 1 − 1/C(4, 2). Here k = 2.
    assert expected_coverage(3, 2, 2) == pytest.approx(1 - 1 / 6)


def test_effective_number_counts_shared_balls_once() -> None:
    assert effective_number(np.array([-1, 0, 1, 2])) == 4
    assert effective_number(np.array([-1, 3, 3, 3])) == pytest.approx(4 / 3)
    assert effective_number(np.array([-1, -1])) == 2


def test_functions_of_counts() -> None:
    assert coverage(np.array([0, 1, 2, 0])) == 0.5
    assert density(np.array([5, 0, 10]), 5) == 1


def test_too_few_samples_name_both_counts() -> None:
    for estimate in estimates(rows(5, 0), rows(9, 1)).values():
        assert estimate.value is None
        assert "real=5, fake=9" in estimate.notes[0]
