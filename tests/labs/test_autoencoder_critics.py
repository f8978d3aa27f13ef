"""The lab autoencoder-critics: verdicts on planted numbers, M_global beside the distance, a smoke run."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.labs import autoencoder_critics as lab
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab


def planted(diversity: float, quality: float, falls: bool) -> lab.Measurements:
    def one(arm: str, off: float) -> lab.Measures:
        track = tuple((step, 1.0 / step, (1.0 / step if falls else step) + off) for step in range(1, 6))
        many = arm == lab.HIGH
        return lab.Measures(
            3.0, (diversity if many else 5.0) + off, (quality if many else 0.5) + off, track if "BEGAN" in arm else ()
        )

    measurements = {arm: [one(arm, off) for off in (0.0, 0.001)] for arm in lab.ARMS}
    return measurements | {
        arm: [m._replace(track=()) for m in runs] for arm, runs in measurements.items() if arm.startswith("EBGAN")
    }


@pytest.mark.parametrize(
    ("measurements", "verdict", "part"),
    [
        (planted(6.0, 0.3, True), "reproduced", "rank correlation of M_global with FD, BEGAN, γ = 0.5 1"),
        (planted(4.0, 0.3, True), "not reproduced", "not as claimed: Vendi Score"),
        (planted(6.0, 0.6, True), "not reproduced", "not as claimed: precision"),
        (planted(6.0, 0.3, False), "not reproduced", "not as claimed: rank correlation"),
    ],
)
def test_verdicts(tmp_path: Path, measurements: lab.Measurements, verdict: str, part: str) -> None:
    panels = ({arm: np.zeros((64, 8, 8, 1), np.uint8) for arm in lab.ARMS}, "planted")
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1), measurements, panels)
    assert result.verdict == verdict and part in result.why
    assert [row[4] is None for row in result.rows] == [True, False, False, False]


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("autoencoder-critics", Setting("smoke", repeats=1, out=tmp_path))
    assert [row[0] for row in result.rows] == list(lab.ARMS)
    assert (tmp_path / result.figures[0]).stat().st_size > 20_000
