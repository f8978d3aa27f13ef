"""An evaluation is easy to follow: five frames lie between ``gantlet.evaluate`` and the maths of any metric."""

import traceback
from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.evaluation.metrics import precision


def test_five_frames_to_the_maths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    depths: list[list[str]] = []
    maths = precision.precision

    def spy(inside: np.ndarray) -> float:
        frames = [frame for frame in traceback.extract_stack() if f"{Path(gantlet.__file__).parent}/" in frame.filename]
        depths.append([f"{Path(frame.filename).stem}.{frame.name}" for frame in frames])
        return maths(inside)

    monkeypatch.setattr(precision, "precision", spy)
    rng = np.random.default_rng(0)
    for name in ("real", "fake"):
        np.savez(tmp_path / f"{name}.npz", x=rng.integers(0, 256, (60, 8, 8, 1), dtype=np.uint8))
    config = gantlet.EvaluateConfig(features="pixels", metrics=("precision",), cache=False)
    gantlet.evaluate(str(tmp_path / "fake.npz"), str(tmp_path / "real.npz"), config)
    depths = [frames for frames in depths if "subsets.neighbour_variance" not in frames]  # the interval asks again
    assert len(depths) == 1 + 2 * 4  # the fakes; four references with the fakes at the same numbers of rows
    for frames in depths:
        assert frames[0] == "calls.checked"  # of the call itself: decision 016
        assert frames[1:] == ["evaluate.evaluate", "once.once", "find.find", "compute.compute", "precision.estimate"]
