"""Own data through the commands: pairs train A → B, files that are broken, advice that the command can follow."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.core.results.report import Report
from gantlet.data.opening import open_source
from gantlet.training.runs.generator import load_generator

RNG = np.random.default_rng(6)
TINY = ["--steps", "2", "--batch", "8", "--sample-every", "2", "--features", "pixels"]
PIX2PIX = ["train", "pix2pix", "--network", "unet[width=4]", "--discriminator", "patch[width=4]", *TINY]
DCGAN = ["train", "dcgan", "--network", "dcgan[width=4]", "--no-evaluate", *TINY]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(where: str, shape: tuple[int, ...], n: int = 12) -> None:
    Path(where).mkdir(parents=True)
    for i in range(n):
        Image.fromarray(RNG.integers(0, 256, shape, dtype=np.uint8)).save(f"{where}/{i}.png")


@pytest.mark.parametrize("layout", ["folders", "side"])
def test_own_pairs_train_a_to_b(layout: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if layout == "folders":
        write("own/A", (8, 8))
        write("own/B", (8, 8, 3))
    else:
        write("own", (8, 16, 3))
    assert main([*PIX2PIX, "--data", "own", "--out", "run"]) == 0
    assert "pairs" in capsys.readouterr().err
    assert TrainConfig.from_toml(Path("run/config.toml")).data == "image-pairs[path=own]"
    shape = load_generator(Path("run")).shape
    assert (shape.inputs, shape.channels) == ((1, 3) if layout == "folders" else (3, 3))  # type: ignore[union-attr]
    generated = open_source("run:run[n=12]")
    assert [Path(name).stem for name in generated.names] == [str(i) for i in range(12)]
    assert main([*PIX2PIX, "--data", "own", "--out", "run", "--resume", "--steps", "3"]) == 0
    words = [
        "evaluate",
        "run:run",
        "--real",
        "image-pairs[path=own]",
        "--metrics",
        "psnr",
        "--features",
        "pixels",
        "--n",
        "12",
    ]
    assert main(words) == 0


def test_single_images_are_told_how_to_give_pairs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("single", (8, 8))
    assert main([*PIX2PIX, "--data", "single", "--out", "run"]) == 2
    assert "image-pairs[path=DIR]" in capsys.readouterr().err


def test_broken_files_are_left_out_where_that_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("set", (8, 8))
    Path("set/5.png").write_bytes(b"no image")
    assert main([*DCGAN, "--data", "set", "--out", "run"]) == 1
    assert "5.png" in (said := capsys.readouterr().err) and "--on-bad skip" in said
    assert main([*DCGAN, "--data", "set", "--out", "run", "--on-bad", "skip"]) == 0
    assert "1 of 12 files could not be decoded" in " ".join(capsys.readouterr().err.split())


def test_advice_names_only_options_that_the_command_has(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("set", (8, 8))
    Path("set/5.png").write_bytes(b"no image")
    assert main(["audit", "--data", "set", "--features", "pixels"]) == 1
    assert "5.png" in (said := capsys.readouterr().err) and "--on-bad" not in said


def test_what_happens_to_oblong_images_is_said_and_can_be_chosen(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("wide", (8, 12))
    assert main([*DCGAN, "--data", "wide", "--out", "cropped"]) == 0
    assert "12 of 12 images are not square" in " ".join(capsys.readouterr().err.split())
    assert main([*DCGAN, "--data", "as-squares[of=wide,fit=pad]", "--out", "padded"]) == 0
    assert "not square" not in capsys.readouterr().err
    assert load_generator(Path("padded")).shape.size == 16  # type: ignore[union-attr]


def test_results_are_not_written_among_pairs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("own/A", (8, 8))
    write("own/B", (8, 8, 3))
    assert main([*PIX2PIX, "--data", "image-pairs[path=own]", "--out", "own/run"]) == 1
    assert "would be written into" in capsys.readouterr().err


def test_two_feature_spaces_evaluate_a_training(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gantlet.actions.train_evaluations.bounded_n", lambda *_: 24)
    write("set", (8, 8), 24)
    words = [*DCGAN, "--evaluate", "--features", "pixels,random-conv[size=8,channels=1]", "--evaluate-samples", "24"]
    assert main([*words, "--data", "set", "--out", "run"]) == 0
    report = Report.load(Path("run/report.json"))
    assert len({estimate.features for estimate in report.estimates}) == 2
