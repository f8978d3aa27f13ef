"""Checkpoints: damage is found and named, foreign configurations are refused, a full disk loses nothing."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from tiny import Watcher, config, images

from gantlet.core.errors import CheckpointError, OutputError
from gantlet.training.loop import run
from gantlet.training.runs.generator import load_generator


class Stops(Watcher):
    def on_progress(self, step: int, total: int) -> None:
        if step == 8:
            raise RuntimeError("killed")


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """A run that was killed after step 8, with checkpoints of steps 3 and 6."""
    with pytest.raises(RuntimeError):
        run(config(tmp_path / "cut"), images(), observer=Stops())
    return tmp_path / "cut"


def test_files_of_the_user_beside_the_pictures(cut: Path) -> None:
    for name in ("step-best.png", "step-.png", "step-00000099x.png"):
        (cut / "samples").mkdir(exist_ok=True)
        (cut / "samples" / name).write_text("somebody's own")
    (cut / "samples" / "step-00000099.png").write_bytes(b"of a step that is lost")
    run(config(cut), images(), resume=True, observer=Watcher())
    assert (cut / "samples" / "step-best.png").read_text() == "somebody's own"
    assert not (cut / "samples" / "step-00000099.png").exists()


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        content[-1] ^= 1
        path.write_bytes(content)


@pytest.mark.parametrize("how", ["truncated", "empty", "one bit"])
def test_a_damaged_newest_checkpoint_is_named_with_the_way_out(cut: Path, how: str) -> None:
    newest = cut / "checkpoints" / "step-00000006.safetensors"
    damage(newest, how)
    with pytest.raises(
        CheckpointError,
        match=r"step-00000006.safetensors is damaged.*delete it and resume again: step-00000003.safetensors is intact",
    ):
        run(config(cut), images(), resume=True, observer=Watcher())
    newest.unlink()
    resumed = run(config(cut), images(), resume=True, observer=Watcher())
    assert resumed.weights_sha256 == run(config(cut.parent / "whole"), images(), observer=Watcher()).weights_sha256


def test_without_an_intact_checkpoint_it_says_so(cut: Path) -> None:
    for path in (cut / "checkpoints").glob("step-*"):
        damage(path, "truncated")
    with pytest.raises(CheckpointError, match="no other checkpoint is intact"):
        run(config(cut), images(), resume=True, observer=Watcher())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 3}, "seed was 0, is 3"),
        ({"penalties": ("r1[gamma=0.2]",)}, r"penalties was \('r1\[gamma=0.1\]', .*"),
        ({"lr_generator": 1e-3, "batch": 4}, "batch was 8, is 4; lr_generator was 0.0002, is 0.001"),
    ],
)
def test_resume_with_another_configuration_names_the_fields(cut: Path, changes: dict[str, Any], words: str) -> None:
    before = {path: path.read_bytes() for path in cut.rglob("*") if path.is_file()}
    with pytest.raises(CheckpointError, match=words):
        run(config(cut, **changes), images(), resume=True, observer=Watcher())
    assert {path: path.read_bytes() for path in cut.rglob("*") if path.is_file()} == before


def test_resume_with_other_images_is_refused(cut: Path) -> None:
    with pytest.raises(CheckpointError, match="another digest"):
        run(config(cut), images(digest="d1"), resume=True, observer=Watcher())


def test_a_run_is_never_overwritten_and_never_resumed_from_nothing(cut: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="already holds a run"):
        run(config(cut), images(), observer=Watcher())
    with pytest.raises(CheckpointError, match="no run to resume"):
        run(config(tmp_path / "none"), images(), resume=True, observer=Watcher())


def test_a_run_stopped_before_its_first_checkpoint_begins_anew(cut: Path) -> None:
    for path in (cut / "checkpoints").glob("*"):
        path.unlink()
    journal = (cut / "events.jsonl").read_text().splitlines()
    early = [line for line in journal if json.loads(line)["step"] <= config(cut).checkpoint_every]
    assert 0 < len(early) < len(journal)
    with pytest.raises(CheckpointError, match="holds no checkpoint to go on from, though its journal says step"):
        run(config(cut), images(), resume=True, observer=Watcher())
    (cut / "events.jsonl").write_text("".join(f"{line}\n" for line in early))
    watcher = Watcher()
    resumed = run(config(cut), images(), resume=True, observer=watcher)
    assert "begins anew" in watcher.warnings[0]
    assert resumed.weights_sha256 == run(config(cut.parent / "whole"), images(), observer=Watcher()).weights_sha256


def test_keeps_the_last_few(tmp_path: Path) -> None:
    run(config(tmp_path / "r", keep=1, checkpoint_every=2), images(), observer=Watcher())
    names = sorted(path.name for path in (tmp_path / "r" / "checkpoints").iterdir())
    assert names == ["best.safetensors", "final.safetensors", "step-00000010.safetensors"]


def test_a_full_disk_is_said_and_the_last_checkpoint_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if "step-00000006" in self.name:
            write(self, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="the disk is full"):
        run(config(tmp_path / "r"), images(), observer=Watcher())
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "r" / "checkpoints").glob("*6*")] == []
    assert load_generator(tmp_path / "r").step == 3
    resumed = run(config(tmp_path / "r"), images(), resume=True, observer=Watcher())
    assert resumed.weights_sha256 == run(config(tmp_path / "whole"), images(), observer=Watcher()).weights_sha256


def test_a_folder_that_cannot_be_made_is_said_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    watcher = Watcher()
    with pytest.raises(OutputError, match=r"a part of the path is a file|stands in the way"):
        run(config(tmp_path / "file" / "r"), images(), observer=watcher)
    assert watcher.steps == []
