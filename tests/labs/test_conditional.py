"""The lab conditional: verdicts on planted numbers, its ways, a smoke run."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import ConfigError
from gantlet.labs import conditional as lab
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.95, "reproduced"), (0.85, "not reproduced")])
def test_verdicts(tmp_path: Path, accuracy: float, verdict: str) -> None:
    measurements = {way: [lab.Measures(0.97, 0.9, 3.0), lab.Measures(0.97, 0.9, 3.1)] for way in lab.WAYS}
    measurements["hadamard"] = [lab.Measures(accuracy, 0.8, 9.0)] * 2
    images = {way: np.zeros((12, 8, 8, 1), np.uint8) for way in lab.WAYS}
    usual = lab.Measures(0.99, 0.99, 1.0)
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1), measurements, usual, (images, "planted"))
    assert result.verdict == verdict and ("not as claimed: hadamard" in result.why) == (verdict != "reproduced")
    assert result.ours.value == pytest.approx(accuracy) and result.rows[-1] == ("real, held out", *usual)


def test_ways_differ_in_the_conditioning_alone() -> None:
    configs = [vars(lab.config(way, Setting("smoke"), 0)) for way in lab.WAYS]
    differing = {key for config in configs for key in config if config[key] != configs[0][key]}
    assert differing == {"conditioning"}


@pytest.mark.slow
def test_smoke(tmp_path: Path) -> None:
    result = run_lab("conditional", Setting("smoke", repeats=1, out=tmp_path))
    assert [row[0] for row in result.rows] == [*lab.WAYS, "real, held out"]
    assert result.rows[-1][1] is not None and float(result.rows[-1][1]) > 0.95
    assert (tmp_path / result.figures[0]).stat().st_size > 20_000


def test_unlabelled_data_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((20, 8, 8, 1), np.uint8))
    with pytest.raises(ConfigError, match="labelled images"):
        run_lab("conditional", Setting("smoke"), {"data": str(tmp_path / "a.npz")})
