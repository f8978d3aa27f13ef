"""Own data without a word: what is kept out, the resolution and the steps are said, recorded, kept on resume; options win."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gantlet
from gantlet.actions.sizing import LEAST_STEPS, PASSES, sized
from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.core.errors import UntrustedError, UsageError
from gantlet.core.trust import trust
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_source
from gantlet.data.source import ImageSource

RNG = np.random.default_rng(6)
DCGAN = ["train", "dcgan", "--network", "dcgan[width=4]", "--batch", "8", "--sample-every", "0", "--no-evaluate"]


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("photos", 300, (12, 14))
    return tmp_path


def write(where: str, n: int, shape: tuple[int, ...]) -> None:
    os.makedirs(where)
    for i in range(n):
        Image.fromarray(RNG.integers(0, 256, shape, dtype=np.uint8)).save(f"{where}/{i}.png")


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def config(run: str = "run") -> TrainConfig:
    return TrainConfig.from_toml(Path(run, "config.toml"))


def header(run: str = "run") -> dict[str, object]:
    from gantlet.training.runs.header import header_of

    return vars(header_of(Path(run, "checkpoints/final.safetensors")))


def test_what_is_chosen_is_said_recorded_and_kept_on_resume(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*DCGAN, "--data", "photos", "--out", "run"]
    assert main([*words, "--steps", "2"]) == 0
    text = said(capsys)
    assert (
        "held out: 50 of the 300 images of photos" in text
        and "resolution 16, the smallest that holds the median" in text
    )
    assert (config().data, config().held_out, config().resolution, config().steps) == ("photos", "50", 16, 2)
    first = header()
    assert main([*words, "--steps", "3", "--resume"]) == 0
    assert header()["data_digest"] == first["data_digest"] and config().held_out == "50"
    assert main([*words, "--steps", "4", "--resume", "--held-out", "60"]) == 1
    assert "held_out was '50', is '60'" in said(capsys)
    assert main([*words, "--steps", "2", "--seed", "1", "--out", "other"]) == 0
    assert header("other")["data_digest"] == first["data_digest"], "runs of other seeds have the same held-out images"
    assert main(["train", "run/config.toml", "--data", "photos", "--steps", "2", "--out", "again"]) == 0
    assert header("again")["data_digest"] == first["data_digest"]


def test_options_win(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*DCGAN, "--data", "photos", "--out", "run", "--steps", "2", "--held-out", "none", "--resolution", "32"]
    assert main(words) == 0
    assert (config().held_out, config().resolution) == ("none", 32)
    assert "held out" not in (text := said(capsys)) and "median" not in text
    assert header()["data_digest"] == open_source("photos").digest


@pytest.mark.parametrize(
    ("share", "status", "words"),
    [
        ("150%", 2, "expected a share of the images between 0% and 100%"),
        ("0.1%", 2, "keeps out 0 and leaves 300"),
        ("299", 2, "keeps out 299 and leaves 1"),
        ("300", 2, "leaves 0 to train on"),
    ],
)
def test_bad_shares_get_one_sentence(
    photos: Path, capsys: pytest.CaptureFixture[str], share: str, status: int, words: str
) -> None:
    assert main([*DCGAN, "--data", "photos", "--out", "run", "--held-out", share]) == status
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and not Path("run").exists()


def test_a_split_of_the_datas_own_is_kept_and_no_option_is_without_effect(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*DCGAN, "--data", "digits", "--out", "run", "--steps", "2"]) == 0
    assert header()["data_digest"] == open_source("digits").digest and "held out" not in said(capsys)
    assert main([*DCGAN, "--data", "digits", "--out", "other", "--held-out", "10%"]) == 2
    assert "has a split of its own" in said(capsys)


def test_a_run_of_an_earlier_version_goes_on_with_all_its_images(photos: Path) -> None:
    words = [*DCGAN, "--data", "photos", "--out", "run"]
    assert main([*words, "--steps", "2", "--held-out", "none", "--resolution", "16"]) == 0
    lines = Path("run/config.toml").read_text().splitlines()
    Path("run/config.toml").write_text("\n".join(line for line in lines if not line.startswith("held_out")))
    digest = header()["data_digest"]
    assert main(["train", "run/config.toml", "--data", "photos", "--resume", "--steps", "3"]) == 0
    assert header()["data_digest"] == digest and header()["step"] == 3


def images(n: int, *sides: int) -> ImageSource:
    source = array_source("mixed", RNG.integers(0, 256, (n, sides[0], sides[0], 1), dtype=np.uint8))
    return dataclasses.replace(source, read=lambda i: np.zeros((sides[i % len(sides)], 200, 1), np.uint8))


@pytest.mark.parametrize(
    ("sides", "resolution"), [((28,), 32), ((32,), 32), ((20, 28, 28, 28, 400), 32), ((300, 500), 64), ((7,), 8)]
)
def test_the_median_image_decides_the_resolution(sides: tuple[int, ...], resolution: int) -> None:
    chosen = sized(TrainConfig(held_out="none"), images(400, *sides))
    assert chosen.config.resolution == resolution
    assert any("median image" in line for line in chosen.said) == (sides not in ((32,),))


@pytest.mark.parametrize(("n", "steps"), [(20, LEAST_STEPS), (1000, round(PASSES * 1000 / 64)), (10**5, 20_000)])
def test_the_number_of_images_decides_the_steps_where_that_is_asked_for(n: int, steps: int) -> None:
    source = images(n, 8)
    asked = sized(TrainConfig(held_out="none"), source, steps=True)
    assert asked.config.steps == steps
    assert any("passes over" in line for line in asked.said) == (steps < 20_000)
    assert sized(TrainConfig(held_out="none"), source).config.steps == 20_000
    short = TrainConfig(held_out="none", steps=300)
    assert sized(short, source, steps=True).config.steps == 300, "a recipe's number is never raised"
    longer = TrainConfig(held_out="none", resolution=8, steps=15_000)
    assert sized(TrainConfig(), source, steps=True, before=longer).config.steps == max(15_000, steps)


def test_a_recipes_steps_are_sized_for_other_data_and_no_others(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("gantlet.actions.train.train", lambda *_, size_steps, **__: asked.append(size_steps))
    for words, expected in (
        (["dcgan", "--data", "photos"], True),
        (["dcgan", "--data", "photos", "--steps", "3"], False),
        (["dcgan", "--data=photos", "--size=paper"], False),
        (["digits"], False),
    ):
        asked.clear()
        assert main(["train", *words]) == 0
        assert asked == [expected], words


def test_a_run_is_evaluated_against_its_own_sides(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*DCGAN, "--data", "photos", "--out", "run", "--steps", "2"]) == 0
    capsys.readouterr()
    words = ["--features", "pixels", "--metrics", "coverage", "--n", "60", "--no-cache", "--json"]
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("GANTLET_STATE", str(photos / "of another user"))
        assert main(["evaluate", "run", *words]) == 1
        assert "--trust, or give --real and --train" in said(capsys), (
            "a file of somebody else's does not decide what is read outside its folder"
        )
    assert main(["evaluate", "run", *words]) == 0
    own = json.loads(capsys.readouterr().out)
    sides = [f"random-split[of=photos,held_out=50,split={split}]" for split in ("test", "train")]
    assert main(["evaluate", "run:run", "--real", sides[0], "--train", sides[1], *words]) == 0
    given = json.loads(capsys.readouterr().out)
    assert own["digests"] == given["digests"] and own["real"] == sides[0]
    assert own["n_real"] == 50 and set(own["digests"]) == {"real", "fake", "training", "held-out"}
    assert own["estimates"] == given["estimates"]
    assert main(["evaluate", "run@final", *words, "--trust"]) == 2


def test_only_a_run_knows_its_real_images(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="needs --real"):
        gantlet.evaluate("photos")
    with pytest.raises(UsageError, match="needs --real"):
        gantlet.evaluate(np.zeros((4, 8, 8, 1), np.uint8))
    assert main([*DCGAN, "--data", "photos", "--out", "run", "--steps", "2"]) == 0
    settings: dict[str, Any] = {"features": "pixels", "metrics": "coverage", "n": 60, "cache": False, "train": "photos"}
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("GANTLET_STATE", str(photos / "of another user"))
        with pytest.raises(UntrustedError):
            gantlet.evaluate("run:run", features="pixels")
        with trust():
            trusted = gantlet.evaluate("run:run", **settings)
    report = gantlet.evaluate("run:run", **settings)
    assert report.estimates == trusted.estimates
    assert report.digests["training"] == open_source("photos").digest or report.n_real == 50
