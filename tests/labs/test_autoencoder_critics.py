"""The lab autoencoder-critics: verdicts on planted numbers, M_global beside the distance, a smoke run."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.core.config import TrainConfig
from gantlet.core.interfaces.networks import ImageShape
from gantlet.labs import autoencoder_critics as lab
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab
from gantlet.labs.training import TrainingRun
from gantlet.training.game import Game
from gantlet.training.state import TrainState


def planted(diversity: float, nearest: float, falls: bool) -> lab.Measurements:
    def one(arm: str, off: float) -> lab.Measures:
        track = tuple((step, 1.0 / step, (1.0 / step if falls else step) + off) for step in range(1, 6))
        many = arm == lab.HIGH
        diverse, far = (diversity if many else 5.0) + off, (nearest if many else 0.5) + off
        return lab.Measures(3.0, diverse, far, 0.5, track if "BEGAN" in arm else ())

    measurements = {arm: [one(arm, off) for off in (0.0, 0.001)] for arm in lab.ARMS}
    return measurements | {
        arm: [m._replace(track=()) for m in runs] for arm, runs in measurements.items() if arm.startswith("EBGAN")
    }


@pytest.mark.parametrize(
    ("measurements", "verdict", "part"),
    [
        (planted(6.0, 0.8, True), "reproduced", "rank correlation of M_global with FD, BEGAN, γ = 0.5 1"),
        (planted(4.0, 0.8, True), "not reproduced", "not as claimed: Vendi Score"),
        (planted(6.0, 0.4, True), "not reproduced", "not as claimed: distance to the nearest image"),
        (planted(6.0, 0.8, False), "not reproduced", "not as claimed: rank correlation"),
        (
            planted(6.0, 0.8, False),
            "not reproduced",
            "; as claimed: Vendi Score, BEGAN, γ = 0.7 minus BEGAN, γ = 0.4, distance to the nearest",
        ),
        (planted(4.0, 0.4, False), "not reproduced", "; as claimed: nothing; not as claimed: Vendi Score"),
    ],
)
def test_verdicts(tmp_path: Path, measurements: lab.Measurements, verdict: str, part: str) -> None:
    panels = ({arm: np.zeros((64, 8, 8, 1), np.uint8) for arm in lab.ARMS}, "planted")
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1), measurements, panels)
    assert result.verdict == verdict and part in result.why
    assert [row[5] is None for row in result.rows] == [True, False, False, False]


def test_the_distance_from_the_nearest_image_is_one_for_fresh_real_images_and_less_for_copies() -> None:
    """Fresh draws of one law are as far from the training images as those are from each other; copies are at 0."""
    real = lab.open_labelled("digits", 0, lambda *_: None)
    rows = np.random.default_rng(0).permutation(len(real.pixels))
    train, fresh = real.pixels[rows[:700]], real.pixels[rows[700:1100]]
    bank = lab.features_of(train, real.classifier)

    def nearest(samples: np.ndarray) -> float:
        config = TrainConfig(network="mlp")
        untrained = TrainState.fresh(config, Game.of(config), ImageShape(8, 1), 0)
        return lab.measure(TrainingRun(((1, samples),), (), untrained, ()), bank, real).nearest

    assert nearest(fresh) == pytest.approx(1, abs=0.1)
    assert nearest(train[:300]) < 0.01


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("autoencoder-critics", Setting("smoke", repeats=1, out=tmp_path))
    assert [row[0] for row in result.rows] == list(lab.ARMS)
    assert (tmp_path / result.figures[0]).stat().st_size > 20_000
