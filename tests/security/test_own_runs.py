"""A configuration that the user's own training wrote may name the user's own data; nobody else's file may, and none may name code."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.core.errors import UntrustedError
from gantlet.core.own_files import is_own, remember, remembered
from gantlet.core.trust import require_harmless

WORDS = ["--features", "pixels", "--metrics", "coverage", "--n", "30", "--no-cache", "--json"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTLET_STATE", str(tmp_path / "state"))
    return tmp_path


def written(text: str, name: str = "config.toml") -> Path:
    Path(name).write_text(text)
    return Path(name)


def test_what_was_remembered_may_name_anything_but_code(place: Path) -> None:
    file = written("data = 'photos/'")
    for text in ("photos/", "/etc", "hf:owner/name", "npz[path=../x.npz]"):
        with pytest.raises(UntrustedError):
            require_harmless(text, file)
    remember(file)
    for text in ("photos/", "/etc", "hf:owner/name", "npz[path=../x.npz]"):
        assert require_harmless(text, file) == text
    for text in ("evil:f", "callable[path=evil:f]", "torchscript", "paired[of=evil:f]", "photos/,evil:f"):
        with pytest.raises(UntrustedError, match="runs code"):
            require_harmless(text, file)


def test_one_changed_byte_makes_it_anybodys(place: Path) -> None:
    remember(file := written("data = 'photos/'"))
    assert is_own(file) and is_own(Path(shutil.copy(file, "moved.toml")))
    assert not is_own(written("data = 'photos'", "other.toml")) and not is_own(place) and not is_own(place / "none")


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_memory_that_others_can_write_into_counts_for_nothing(mode: int, place: Path) -> None:
    remember(file := written("data = 'photos/'"))
    assert (place / "state" / "own").stat().st_mode & 0o777 == 0o700
    os.chmod(place / "state" / "own", mode)
    assert not is_own(file) and remembered().startswith("nothing: others can write into")
    os.chmod(place / "state" / "own", 0o700)
    assert is_own(file) and remembered() == "1 configuration"
    (place / "state" / "own").rename(place / "elsewhere")
    (place / "state" / "own").symlink_to(place / "elsewhere")
    assert not is_own(file)


def test_a_memory_that_cannot_be_kept_stops_no_training(place: Path) -> None:
    assert remembered() == "0 configurations"
    (place / "state").write_text("a file in its place")
    remember(file := written("data = 'photos/'"))
    assert not is_own(file) and remembered() == "0 configurations"


def test_ones_own_run_is_evaluated_and_resumed_without_a_word_and_a_strangers_is_not(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("photos").mkdir()
    for i in range(40):
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (8, 8), dtype=np.uint8)).save(f"photos/{i}.png")
    train = ["train", "dcgan", "--network", "dcgan[width=4]", "--data", "photos", "--out", "run", "--no-evaluate"]
    assert main([*train, "--batch", "8", "--steps", "2"]) == 0
    assert main(["evaluate", "run", *WORDS, "--out", "mine"]) == 0
    assert main(["train", "run/config.toml", "--resume", "--steps", "3"]) == 0
    assert TrainConfig.from_toml(Path("run/config.toml")).steps == 3
    assert main(["evaluate", "run", *WORDS, "--out", "again"]) == 0
    capsys.readouterr()
    monkeypatch.setenv("GANTLET_STATE", str(place / "of another user"))
    for words in (
        ["evaluate", "run", *WORDS, "--out", "theirs"],
        ["train", "run/config.toml", "--resume", "--steps", "4"],
    ):
        assert main(words) == 1
        assert "--trust" in capsys.readouterr().err
