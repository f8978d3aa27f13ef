"""The lab dcgan-guidelines: verdicts on planted distances, one change an arm, a smoke run."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.labs import dcgan_guidelines as lab
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab
from gantlet.training.networks import NETWORKS


@pytest.mark.parametrize(
    ("offset", "verdict", "part"),
    [
        (2.0, "reproduced", "worse than DCGAN: max-pooling in D, upsampling in G, ReLU in D"),
        (-2.0, "not reproduced", "better than DCGAN: ReLU in D"),
        (0.0, "not reproduced", "no clear difference: ReLU in D"),
    ],
)
def test_verdicts(tmp_path: Path, offset: float, verdict: str, part: str) -> None:
    distances = {arm: [10.0 + 2 * (arm != lab.USUAL) + noise for noise in (0.0, 0.1, 0.2)] for arm in lab.ARMS}
    distances["ReLU in D"] = [10.0 + offset, 10.1 + offset, 10.2 + offset + (0.1 if offset == 0 else 0)]
    distances["no batch norm in G"] = [1.0, 1.0, 1.0]  # reported, not part of the verdict
    panels = ({arm: np.zeros((32, 16, 16, 1), np.uint8) for arm in lab.ARMS}, "planted")
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1, 2), distances, panels)
    assert result.verdict == verdict and part in result.why


def test_each_arm_undoes_one_guideline() -> None:
    plans = {arm: vars(NETWORKS.build(lab.config(arm, Setting("smoke"), 0).network)) for arm in lab.ARMS}
    usual = plans[lab.USUAL]
    changed = [{key for key in plan if plan[key] != usual[key]} for arm, plan in plans.items() if arm != lab.USUAL]
    assert all(len(keys) == 1 for keys in changed) and len(set().union(*changed)) == len(lab.ARMS) - 1


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("dcgan-guidelines", Setting("smoke", repeats=1, out=tmp_path))
    assert [row[0] for row in result.rows] == list(lab.ARMS)
    assert (tmp_path / result.figures[0]).stat().st_size > 20_000
