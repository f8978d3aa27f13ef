"""The lab collapse-is-discontinuity: its law, its verdicts on planted runs, and a smoke run."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.labs import collapse_is_discontinuity as lab
from gantlet.labs.interface import Setting, run_lab
from gantlet.transport.critic_audit import least_bridging


def test_the_implied_mass_is_the_symmetric_law_where_the_bridge_is_in_the_middle() -> None:
    for gap, slope in ((1.0, 2.0), (4.0, 3.0)):
        between = least_bridging(gap, slope)
        assert lab.implied((1 - between) / 2, gap, slope) == pytest.approx(between)
    assert lab.implied(0.0, 1.0, 1.0) == 0 == lab.implied(1.0, 1.0, 1.0)


def test_modes_have_nothing_between_and_a_line_has() -> None:
    points = lab.two_modes(4000, 2.0, np.random.default_rng(0))
    between, left = lab.bridging(points, 2.0)
    assert between < 0.01 and left == pytest.approx(0.5, abs=0.04)  # 0.13 % beyond three sigma; 0.5 ± 5·0.5/√4000


def run(between: float, implied: float) -> lab._Run:
    return lab._Run(1.0, 5.0, between, 0.45, implied)


@pytest.mark.parametrize(
    ("runs", "modes", "mixed", "verdict"),
    [
        ([run(0.2, 0.1)], [25, 25], [0.0, 0.0], "reproduced"),
        ([run(0.2, 0.1), run(0.05, 0.1)], [25, 25], [0.0, 0.0], "not reproduced"),
        ([run(0.2, 0.1)], [25, 24], [0.0, 0.0], "not reproduced"),
        ([run(0.2, 0.1)], [25, 25], [0.0, 0.02], "not reproduced"),
    ],
)
def test_verdicts(runs: list, modes: list, mixed: list, verdict: str) -> None:
    assert lab.judged(Setting("smoke"), (0, 1), runs, (modes, mixed), "x.png").verdict == verdict


def test_smoke(tmp_path: Path) -> None:
    found = run_lab("collapse-is-discontinuity", Setting("smoke", out=tmp_path))
    assert found.verdict == "reproduced", found.why
    assert len(found.rows) == 4 and (tmp_path / found.figures[0]).stat().st_size > 10_000
