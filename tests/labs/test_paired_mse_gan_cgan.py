"""The lab paired-mse-gan-cgan: verdicts on planted numbers, its arms, a smoke run."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import MayReplaceLoss
from gantlet.labs import paired_mse_gan_cgan as lab
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab
from gantlet.training.game import Game


@pytest.mark.parametrize(
    ("sharpness", "accuracy", "verdict", "part"),
    [
        (9.0, 0.9, "reproduced", "content accuracy, CGAN − GAN 0.5"),
        (5.0, 0.9, "not reproduced", "not as claimed: sharpness, CGAN − MSE"),
        (9.0, 0.4, "not reproduced", "not as claimed: content accuracy, CGAN − GAN"),
    ],
)
def test_verdicts(tmp_path: Path, sharpness: float, accuracy: float, verdict: str, part: str) -> None:
    runs = {"MSE": (5.0, 0.9), "GAN": (8.0, 0.4), "CGAN": (sharpness, accuracy), "CGAN + L1": (7.0, 0.95)}
    measurements = {
        arm: [lab.Measures(20.0, sharp + off, right + off, 3.0) for off in (0.0, 0.01)]
        for arm, (sharp, right) in runs.items()
    }
    images = {name: np.zeros((2, 8, 8, 1), np.uint8) for name in ("input", *lab.ARMS, "truth")}
    truth = lab.Measures(0.0, 9.0, 0.99, 0.0)
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1), measurements, truth, (images, "planted"))
    assert result.verdict == verdict and part in result.why


@pytest.mark.parametrize("arm", lab.ARMS)
def test_arms_differ_in_what_they_should(arm: str) -> None:
    parts = Game.of(lab.config(arm, Setting("smoke"), 0)).parts
    assert parts.sees_inputs == (arm != "GAN")
    assert ("pixel-loss" in parts.named) == (arm in ("MSE", "CGAN + L1"))
    assert (arm == "MSE") == any(not part.adversarial for part in parts.implementing(MayReplaceLoss).values())


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("paired-mse-gan-cgan", Setting("smoke", repeats=1, out=tmp_path))
    assert [row[0] for row in result.rows] == [*lab.ARMS, "truth"]
    assert float(result.rows[-1][3] or 0) > 0.9  # the truth is recognised
    assert (tmp_path / result.figures[0]).stat().st_size > 10_000


def test_unlabelled_data_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((20, 8, 8, 1), np.uint8))
    with pytest.raises(ConfigError, match="needs images with labels"):
        run_lab("paired-mse-gan-cgan", Setting("smoke"), {"data": str(tmp_path / "a.npz")})
