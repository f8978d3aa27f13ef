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


@pytest.mark.parametrize(
    ("spread", "relu", "verdict"),
    [
        (
            0.2,
            0.0,
            "not reproduced",
        ),  # the distance is known to 5 %: a change that does nothing speaks against the claim
        (4.0, 0.0, "not testable here"),  # known to 99 %
        (4.0, -5.0, "not testable here"),  # better, by less than the noise of 9.9
        (4.0, -50.0, "not reproduced"),  # better, beyond the noise
    ],
)
def test_noise_larger_than_the_effects_tests_nothing(tmp_path: Path, spread: float, relu: float, verdict: str) -> None:
    """Changes follow the DCGAN's own wobble over seeds, so that paired differences are sure while the distance itself is not."""
    wobble = np.array([-spread, 0.0, spread])
    distances = {arm: list(10.0 + 2 * (arm != lab.USUAL) + wobble) for arm in lab.ARMS}
    distances["ReLU in D"] = list(10.0 + relu + wobble + np.array([0.0, 0.1, -0.1]))
    panels = ({arm: np.zeros((32, 16, 16, 1), np.uint8) for arm in lab.ARMS}, "planted")
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1, 2), distances, panels)
    assert result.verdict == verdict
    assert ("noise is larger" in result.why) == (verdict == "not testable here")


def test_the_full_size_states_its_cost() -> None:
    """Eight arms with ten seeds and 20,000 steps each, as the documentation says."""
    full = Setting("full")
    steps = len(lab.ARMS) * len(full.seeds(2, 3, 10)) * lab.config(lab.USUAL, full, 0).steps
    assert (
        steps == 1_600_000
        and "1.6 million steps" in (lab.DcganGuidelines.__doc__ or "")
        and "GPU hours" in lab.DcganGuidelines.__doc__
    )


def test_each_arm_undoes_one_guideline() -> None:
    plans = {arm: vars(NETWORKS.build(lab.config(arm, Setting("smoke"), 0).network)) for arm in lab.ARMS}
    usual = plans[lab.USUAL]
    changed = [{key for key in plan if plan[key] != usual[key]} for arm, plan in plans.items() if arm != lab.USUAL]
    assert all(len(keys) == 1 for keys in changed) and len(set().union(*changed)) == len(lab.ARMS) - 1


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("dcgan-guidelines", Setting("smoke", repeats=1, out=tmp_path))
    assert [row[0] for row in result.rows] == list(lab.ARMS)
    assert result.verdict == "not testable here" and "one seed" in result.why
    assert (tmp_path / result.figures[0]).stat().st_size > 20_000
