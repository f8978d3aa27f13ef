"""A result is whole or the earlier one; a run, images and what a user typed are respected."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from gantlet.actions import report as page
from gantlet.cli import main
from gantlet.core.drawing.pictures import png
from gantlet.core.errors import DataError, OutputError, UnreadableFile
from gantlet.core.files import read_bytes
from gantlet.core.output import remove_pictures, require_unchanged, write_picture
from gantlet.core.results.report import Report

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"
FEW = ("--features", "pixels", "--metrics", "precision", "--no-cache")
EVALUATE = ["evaluate", "fake", "--real", "real", *FEW, "--out", "out"]


def files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was said on stderr, which has to be one line of an error."""
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("gantlet: ")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("moment", ["a picture", "report.json"])
def test_an_evaluation_that_fails_leaves_the_earlier_one(
    moment: str, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(EVALUATE) == 0
    before = files(places / "out")
    shutil.rmtree("fake")
    shutil.copytree("real", "fake")
    written = []

    def failing(out: Path, name: str, content: bytes) -> str:
        written.append(name)
        if moment == "a picture" and len(written) == 2:
            raise OutputError("cannot write it: the disk is full")
        return write_picture(out, name, content)

    def full(*_: object) -> None:
        raise OutputError("cannot write it: the disk is full")

    monkeypatch.setattr("gantlet.evaluation.gallery.write_picture", failing)
    if moment == "report.json":
        monkeypatch.setattr(Report, "save", full)
    assert main(EVALUATE) == 1
    assert len(written) >= 2
    after = files(places / "out")
    assert {name: after[name] for name in before} == before
    monkeypatch.undo()
    os.chdir(places)
    assert main(EVALUATE) == 0
    report = Report.load(Path("out/report.json"))
    assert {f"pictures/{path.name}" for path in Path("out/pictures").iterdir()} == report.files()


def test_a_page_that_fails_is_not_the_earlier_one(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(EVALUATE) == 0
    shutil.rmtree("fake")
    shutil.copytree("real", "fake")

    def full(*_: object) -> None:
        raise OutputError("cannot write out/report.html: the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(page, "write_text", full)
        assert main(EVALUATE) == 1
    assert "gantlet report out writes its page" in one_line(capsys)
    assert not Path("out/report.html").exists()
    assert main(["report", "out"]) == 0
    assert Path("out/report.html").exists()


def test_a_picture_of_another_report_is_noticed(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(EVALUATE) == 0
    changed = next(Path("out/pictures").glob("*fakes-*.png"))
    changed.write_bytes(png(np.zeros((8, 8, 1), np.uint8)))
    assert main(["report", "out"]) == 1
    assert "was damaged or changed" in one_line(capsys)
    require_unchanged("pictures/fakes.png", b"of an earlier version")
    with pytest.raises(DataError):
        require_unchanged(f"pictures/fakes-{'0' * 12}.png", b"another")


def test_only_own_pictures_are_removed(tmp_path: Path) -> None:
    old, new = (write_picture(tmp_path, "fakes", content) for content in (b"old", b"new"))
    for name in ("mine.png", "fakes.png", f"fakes-{'0' * 12}.png", "mode-1-my-own-drawing.png"):
        (tmp_path / "pictures" / name).write_bytes(b"mine")
    remove_pictures(tmp_path, {new})
    assert set(files(tmp_path)) == {
        new, "pictures/mine.png", "pictures/fakes.png", f"pictures/fakes-{'0' * 12}.png", "pictures/mode-1-my-own-drawing.png",
    }  # fmt: skip
    assert old not in files(tmp_path)


@pytest.mark.parametrize("out", ["run", "run/checkpoints", "run/samples"])
def test_an_evaluation_replaces_no_report_of_a_training(
    out: str, places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(EARLIER / "run", "run")
    before = files(places / "run")
    assert main([*EVALUATE[:-1], out]) == 1
    assert "run/evaluation" in one_line(capsys)
    assert files(places / "run") == before
    assert main([*EVALUATE[:-1], "run/evaluation"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["stats", "make", "real", "--features", "pixels", "--out", "real/s.safetensors"], "choose another folder"),
        (["sample", "run", "--n", "2", "--out", "real/more"], "choose another folder"),
        (["sample", "run", "--n", "2", "--out", "real/more.zip"], "choose another folder"),
        (["sample", "run", "--n", "2", "--out", "images.tar"], "NAME.zip"),
        (["export", "run", "--out", "model"], "NAME.onnx"),
        (["evaluate", "fake", "--real", "real", *FEW, "--out", ""], "--out is empty"),
        (["evaluate", "fake", "--real", "real", *FEW, "--out", "loop"], "leads back to itself"),
        (["evaluate", "fake", "--real", "real", *FEW, "--out", "loop/sub"], "leads back to itself"),
        (["evaluate", "fake", "--real", "real", *FEW, "--out", "inner"], "leads back to itself"),
        (["evaluate", "fake", "--real", "real", *FEW, "--out", "nowhere"], "is no folder"),
        (["evaluate", "fake", "--real", "real", *FEW, "--out", "file"], "is no folder"),
        (["lab", "two-modes", "--size", "smoke", "--out", "loop"], "leads back to itself"),
    ],
)
def test_what_is_refused_before_anything_is_written(
    words: list[str], said: str, places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(EARLIER / "run", "run")
    config = Path("run/config.toml").read_text()
    assert 'data = "' in config
    lines = [f'data = "{places}/real"' if line.startswith("data = ") else line for line in config.splitlines()]
    Path("run/config.toml").write_text("\n".join(lines))
    Path("loop").symlink_to("loop")
    Path("inner").mkdir()
    Path("inner/pictures").symlink_to("pictures")
    Path("nowhere").symlink_to("not-there")
    Path("file").write_text("mine")
    before = files(places)
    assert main(words) != 0
    assert said in one_line(capsys)
    assert files(places) == before


@pytest.mark.parametrize("name", ["samples", "pictures", "checkpoints"])
def test_a_file_of_a_folders_name_is_seen_before_a_run_begins(
    name: str, places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("run").mkdir()
    Path("run", name).write_text("mine")
    assert main(["train", "dcgan", "--data", "real", "--steps", "1", "--no-evaluate", "--out", "run"]) == 1
    assert f"run/{name} is a file" in one_line(capsys)
    assert files(places / "run") == {name: b"mine"}


def test_a_cache_lies_in_no_folder_of_images(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GANTLET_CACHE", str(places / "real" / "cache"))
    before = files(places)
    for words in (["evaluate", "fake", "--real", "real", *FEW[:-1], "--out", "out"],
                  ["stats", "make", "real", "--features", "pixels", "--out", "s.safetensors"]):  # fmt: skip
        assert main(words) == 1
        assert "GANTLET_CACHE" in one_line(capsys)
    assert files(places) == before


def test_a_limit_takes_no_memory_of_its_own(places: Path) -> None:
    for size in ("500GB", "99999999999999999999999999TB"):
        assert main([*EVALUATE, "--limit", size]) == 0
    assert main(["report", "out", "--limit", "500GB"]) == 0
    Path("grown").write_bytes(bytes(100))
    assert read_bytes(Path("grown"), 100) == bytes(100)
    with pytest.raises(UnreadableFile, match="more than 99 bytes"):
        read_bytes(Path("grown"), 99)


def test_what_is_typed_is_the_users_own(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where it is what the file says."""
    words = ["train", "dcgan", "--data", "real", "--batch", "8", "--steps", "1", "--no-evaluate", "--out", "run"]
    assert main([*words, "--penalties", "r1[gamma=1]"]) == 0
    Path("theirs").mkdir()
    Path("theirs/config.toml").write_text(
        Path("run/config.toml").read_text() + "\n"
    )  # one byte that is not the user's own training's
    replay = ["train", "theirs/config.toml", "--out", "again"]
    assert main(replay) == 1
    assert "give your own value" in one_line(capsys)
    assert main([*replay, "--data", "real"]) == 0
    assert main([*words[:3], "real", "--resume", *words[4:], "--penalties", "r1[gamma=1]"]) == 0
    outside = json.dumps(str(places.parent / "elsewhere"))
    lines = [
        f"out = {outside}" if line.startswith("out = ") else line
        for line in Path("run/config.toml").read_text().splitlines()
    ]
    Path("config.toml").write_text("\n".join(lines))
    assert main(["train", "config.toml", "--data", "real"]) == 1
    assert "give your own --out" in one_line(capsys)
    assert main(["train", "config.toml", "--data=real", "--out", json.loads(outside)]) == 0


@pytest.mark.parametrize("left", ["a report", "a later step"])
def test_a_run_without_its_checkpoints_does_not_begin_anew(
    left: str, places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "train",
        "dcgan",
        "--data",
        "real",
        "--batch",
        "8",
        "--steps",
        "3",
        "--log-every",
        "1",
        "--checkpoint-every",
        "2",
    ]
    words += ["--no-evaluate", "--out", "run"]
    assert main(words) == 0
    shutil.rmtree("run/checkpoints")
    if left == "a report":
        Path("run/report.html").write_text("of the training")
        Path("run/events.jsonl").write_text("")
    before = files(places / "run")
    assert main([*words, "--resume"]) == 1
    assert "holds no checkpoint to go on from" in one_line(capsys)
    assert files(places / "run") == before
