"""Loggers receive every number and picture of a run; what is missing is said."""

import json
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.cli import main
from gantlet.core.errors import DataError, GantletError, UnknownName, UsageError
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import Report
from gantlet.integrations.loggers import log


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    (folder / "samples").mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "samples" / "step-00000020.png")
    reference = Estimate("coverage", 0.9)
    estimate = Estimate("coverage", 0.5, 0.4, 0.6, "wilson", reference=reference)
    Report({"name": "pixels"}, "a", "b", 1, 1, 0, (estimate, Estimate("recall", None, notes=("no",)))).save(
        folder / "report.json"
    )
    events = [
        {"event": "log", "step": 10, "images_seen": 640, "d_loss": 1.5},
        {"event": "evaluate", "step": 20, "estimates": {"coverage": {"value": 0.3, "low": 0.2, "high": None}}},
    ]
    (folder / "events.jsonl").write_text("\n".join(map(json.dumps, events)) + '\n{"event": "lo')
    return folder


def test_tensorboard(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "samples" / "step-best.png").write_text("somebody's own")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert main(["log", str(run)]) == 0
    assert "3 entries written to tensorboard" in capsys.readouterr().out
    result = EventAccumulator(str(run / "tensorboard"))
    result.Reload()
    numbers = {tag: [(e.step, round(e.value, 4)) for e in result.Scalars(tag)] for tag in result.Tags()["scalars"]}
    assert numbers["d_loss"] == [(10, 1.5)]
    assert numbers["coverage"] == [(20, 0.3), (20, 0.5)]
    assert numbers["coverage/real"] == [(20, 0.9)] and numbers["coverage/high"] == [(20, 0.6)]
    assert "recall" not in numbers
    assert [image.step for image in result.Images("samples")] == [20]


@pytest.mark.parametrize("name", ["wandb", "trackio"])
def test_trackers(run: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    calls: list[tuple[str, object]] = []
    stub = types.SimpleNamespace(
        init=lambda **settings: calls.append(("init", settings["project"])),
        log=lambda values, step: calls.append(("log", (sorted(values), step))),
        finish=lambda: calls.append(("finish", None)),
        Image=lambda array: array.shape,
    )
    monkeypatch.setitem(sys.modules, name, stub)
    monkeypatch.setenv("TRACKIO_DIR", "")
    assert log(run, name, project="mine") == 3
    assert calls[0] == ("init", "mine") and calls[-1] == ("finish", None)
    assert ("log", (["d_loss"], 10)) in calls and ("log", (["samples"], 20)) in calls


def test_what_is_missing_is_said(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="did you mean 'tensorboard'"):
        log(run, "tensorbord")
    with pytest.raises(UsageError, match=r"neither events.jsonl nor report.json"):
        log(tmp_path, "tensorboard")
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UsageError, match="pip install wandb"):
        log(run, "wandb")
    (run / "events.jsonl").write_text('{"broken\n{"event": "log", "step": 1, "d_loss": 1.0}\n')
    with pytest.raises(GantletError, match="line 1 is no event of a run"):
        log(run, "tensorboard")


def test_a_disk_that_is_full_and_a_damaged_picture_are_one_sentence(run: Path) -> None:
    code = (
        "import resource, sys; from gantlet.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run([sys.executable, "-c", code, "log", str(run)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"gantlet: cannot write {run / 'tensorboard'}: File too large")
    assert done.stderr.count("\n") == 1
    (run / "samples" / "step-00000020.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match="cannot be decoded"):
        log(run, "tensorboard")
