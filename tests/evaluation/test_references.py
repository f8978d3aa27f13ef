"""References are taken at the fakes' own number: more or fewer images make no failure."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import Report
from gantlet.evaluation.references import _parted
from gantlet.evaluation.standing import standings

CONFIG = gantlet.EvaluateConfig(metrics=("frechet_distance", "coverage", "recall"), cache=False)


def points(path: Path, n: int, seed: int, *, half: bool = False) -> str:
    """Write n points of one population, of which a half lacks what lies below 0 in the first coordinate."""
    found = np.random.default_rng(seed).standard_normal((n, 4)).astype(np.float32)
    if half:
        found[:, 0] = np.abs(found[:, 0])
    np.save(path / f"{seed}.npy", found)
    return str(path / f"{seed}.npy")


def faults(report: Report) -> list[str]:
    return [line for line in report.verdict[1:] if line.startswith(("poor", "missing"))]


@pytest.mark.parametrize("n", [60, 1500])
def test_a_perfect_generator_is_not_accused_for_its_number(tmp_path: Path, n: int) -> None:
    real, held_out = points(tmp_path, 1000, 1), points(tmp_path, 500, 2)
    for config in (CONFIG, dataclasses.replace(CONFIG, held_out=held_out)):
        report = gantlet.evaluate(points(tmp_path, n, 3), real, config)
        assert not faults(report)
        for estimate in report.estimates:
            assert estimate.reference is not None
            assert (estimate.equal_n or estimate).n_fake == estimate.reference.n_fake
            assert (estimate.equal_n or estimate).n_real == estimate.reference.n_real


def test_half_of_the_population_is_missed_at_both_numbers(tmp_path: Path) -> None:
    real = points(tmp_path, 1000, 1)
    for n in (200, 1500):
        report = gantlet.evaluate(points(tmp_path, n, 3, half=True), real, CONFIG)
        assert any("coverage" in line for line in faults(report)), report.verdict


def test_references_at_equal_numbers_have_the_right_value(tmp_path: Path) -> None:
    """Coverage of equal populations: its closed form at these numbers (Naeem et al. 2020, Eq. 9), to 4 standard errors."""
    real, held_out = points(tmp_path, 1000, 1), points(tmp_path, 2000, 2)
    config = gantlet.EvaluateConfig(metrics=("coverage",), cache=False, held_out=held_out)
    estimate = gantlet.evaluate(points(tmp_path, 200, 3), real, config)["coverage"]
    assert estimate.reference is not None and estimate.reference.details["draws"] == 4
    assert estimate.reference.value == pytest.approx(estimate.details["expected"], abs=0.06)


def test_the_evaluator_keeps_references_by_number(tmp_path: Path) -> None:
    from gantlet.data.opening import open_source
    from gantlet.evaluation.evaluator import Evaluator

    config = gantlet.EvaluateConfig(metrics=("coverage",), features="coordinates[dim=4]", cache=False)
    evaluator = Evaluator(points(tmp_path, 400, 1), config)
    for n in (50, 100, 50):
        report = evaluator.evaluate(open_source(points(tmp_path, n, 3)))
        assert report["coverage"].reference is not None and report["coverage"].reference.n_fake == n
    assert {key[1] for key in evaluator.spaces[0].references} == {50, 100}


def test_parts_of_the_real_images_keep_groups_whole() -> None:
    rng = np.random.default_rng(0)
    groups = rng.permutation(np.repeat(np.arange(30), rng.integers(1, 9, 30)))
    n = len(groups)
    for wanted in (n // 2, 40, 9):
        order, first = _parted(n, groups, wanted, np.random.default_rng(1))
        assert sorted(order.tolist()) == list(range(n))
        assert wanted - 8 < first <= wanted
        assert not set(groups[order[:first]]) & set(groups[order[first:]])
    assert _parted(10, np.zeros(10, np.int64), 5, rng)[1] == 0  # one group has no part
    assert _parted(10, None, 5, rng)[1] == 5


def test_nothing_is_as_good_by_a_margin_of_0() -> None:
    value = Estimate("kernel_distance", 0.0, 0.0, 0.0, "delta", lower_is_better=True, n_real=300, n_fake=300)
    reference = dataclasses.replace(value, details={"margin": 0.0})
    (standing,) = standings([dataclasses.replace(value, reference=reference)], 0.95)
    assert standing.state == "unclear"
