"""The loop: what it writes, what it repeats bit by bit, what it refuses."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import Watcher, config, images

from gantlet.core.config import TrainConfig
from gantlet.core.errors import CheckpointError, ConfigError, DataError
from gantlet.training.data import TrainingImages, image_order
from gantlet.training.loop import run
from gantlet.training.observer import TrainResult
from gantlet.training.runs.generator import load_generator
from gantlet.training.runs.tensors import read_header


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainResult, Watcher]:
    folder, watcher = tmp_path_factory.mktemp("runs") / "done", Watcher()
    return folder, run(config(folder), images(), observer=watcher), watcher


def events(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [
        line for line in map(json.loads, (folder / "events.jsonl").read_text().splitlines()) if line["event"] == kind
    ]


def test_writes_the_run_folder(finished: tuple[Path, TrainResult, Watcher]) -> None:
    folder, result, watcher = finished
    assert TrainConfig.from_toml(folder / "config.toml") == config(folder)
    assert [line["step"] for line in events(folder, "log")] == [2, 4, 6, 8, 10, 12]
    assert [dict(line) for line in watcher.lines] == events(folder, "log")
    line = watcher.lines[-1]
    assert {
        "d_loss",
        "g_loss",
        "r1",
        "gradient-penalty",
        "real_logits",
        "fake_logits",
        "sample_variance",
        "seconds",
    } <= set(line)
    assert line["images_seen"] == 12 * 8 * 2 == result.images_seen
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == [
        "best.safetensors",
        "final.safetensors",
        "step-00000003.safetensors",
        "step-00000006.safetensors",
        "step-00000009.safetensors",
    ]
    assert sorted(int(path.stem[5:]) for path in (folder / "samples").iterdir()) == [0, 4, 8, 12]
    assert Image.open(folder / "samples" / "step-00000012.png").size == (
        8 * 32,
        2 * 32,
    )  # a row a class, enlarged to 32 pixels
    assert watcher.steps == list(range(1, 13))


def test_best_and_final_are_both_kept(finished: tuple[Path, TrainResult, Watcher]) -> None:
    folder, result, watcher = finished
    assert watcher.evaluated == [4, 8, 12]  # every 64 images of 16 a step, and at the end
    assert (result.best_step, result.best_score, result.final_score) == (8, 1.0, 5.0)
    assert load_generator(folder, "best").step == 8
    assert load_generator(folder, "final").step == 12
    assert read_header(folder / "checkpoints" / "final.safetensors")["weights_sha256"] == result.weights_sha256
    assert [line["best"] for line in events(folder, "evaluate")] == [True, True, False]


def test_the_same_configuration_gives_the_same_weights_and_another_seed_does_not(
    tmp_path: Path, finished: tuple[Path, TrainResult, Watcher]
) -> None:
    again = run(config(tmp_path / "a", log_every=5, sample_every=7), images(), observer=Watcher())
    other = run(config(tmp_path / "b", seed=1), images(), observer=Watcher())
    assert again.weights_sha256 == finished[1].weights_sha256
    assert other.weights_sha256 != finished[1].weights_sha256


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "dcgan[width=4]", "penalties": (), "objective": "nonsaturating", "conditioning": "concat"},
        {"network": "r3gan[width=4,group_width=4]", "penalties": ("r1", "r2"), "conditioning": "none"},
        {"precision": "bf16-mixed"},
        {"techniques": ()},
    ],
)
def test_resume_after_an_interruption_is_bit_identical(tmp_path: Path, changes: dict[str, Any]) -> None:
    whole = run(config(tmp_path / "whole", **changes), images(), observer=Watcher())

    class Stops(Watcher):
        def on_progress(self, step: int, total: int) -> None:
            if step == 8:
                raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        run(config(tmp_path / "cut", **changes), images(), observer=Stops())
    resumed = run(config(tmp_path / "cut", **changes), images(), resume=True, observer=Watcher())
    assert resumed.weights_sha256 == whole.weights_sha256
    assert (resumed.best_step, resumed.best_score, resumed.images_seen) == (
        whole.best_step,
        whole.best_score,
        whole.images_seen,
    )
    for kind in ("log", "evaluate"):
        timeless = [
            [{k: v for k, v in line.items() if k != "seconds"} for line in events(tmp_path / name, kind)]
            for name in ("whole", "cut")
        ]
        assert timeless[0] == timeless[1]
    for picture in (tmp_path / "whole" / "samples").iterdir():
        assert picture.read_bytes() == (tmp_path / "cut" / "samples" / picture.name).read_bytes()


def test_a_finished_run_goes_on_with_more_steps_and_is_left_alone_with_as_many(tmp_path: Path) -> None:
    whole = run(config(tmp_path / "whole"), images(), observer=Watcher())
    run(config(tmp_path / "short", steps=7), images(), observer=Watcher())
    longer = run(config(tmp_path / "short", steps=12, keep=1), images(), resume=True, observer=Watcher())
    assert longer.weights_sha256 == whole.weights_sha256
    before = (tmp_path / "short" / "events.jsonl").read_bytes()
    assert run(config(tmp_path / "short", keep=1), images(), resume=True, observer=Watcher()) == longer
    assert (tmp_path / "short" / "events.jsonl").read_bytes() == before
    with pytest.raises(CheckpointError, match="12 are done"):
        run(config(tmp_path / "short", steps=5), images(), resume=True, observer=Watcher())


def test_batch_norm_in_the_discriminator_is_refused_under_penalties(tmp_path: Path) -> None:
    big = TrainingImages(np.zeros((8, 16, 16, 1), np.uint8), np.arange(8) % 2, ("a", "b"), "", "zeros")
    with pytest.raises(ConfigError, match=r"norm=none"):
        run(config(tmp_path / "r", network="dcgan[width=4]"), big, observer=Watcher())
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("changes", "data", "message"),
    [
        ({}, images(labelled=False), "needs labels"),
        ({"batch": 64}, images(), "a batch of 64 needs at least as many images; tiny holds 40"),
        ({"resolution": 32}, images(), "8 pixels"),
        ({"out": ""}, images(), "out is empty"),
        ({"techniques": ("ema", "ema[half_life=3]")}, images(), "is given twice"),
    ],
)
def test_refuses_what_does_not_fit(tmp_path: Path, changes: dict[str, Any], data: TrainingImages, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        run(dataclasses.replace(config(tmp_path / "r"), **changes), data, observer=Watcher())
    assert not (tmp_path / "r").exists()


def test_images_and_labels_must_match() -> None:
    pixels = np.zeros((3, 8, 8, 1), np.uint8)
    with pytest.raises(DataError, match="3 images but 2 labels"):
        TrainingImages(pixels, np.zeros(2, np.int64), ("a",), "", "x")
    with pytest.raises(DataError, match="labels 0…4"):
        TrainingImages(pixels, np.array([0, 4, 1]), ("a", "b"), "", "x")


def test_every_epoch_shows_every_image_once_and_a_position_is_the_whole_state() -> None:
    order = image_order(10, seed=3, start=0, count=35)
    for epoch in range(3):
        assert sorted(order[10 * epoch : 10 * epoch + 10].tolist()) == list(range(10))
    assert order[:10].tolist() != order[10:20].tolist()
    for start in (0, 7, 13):
        assert image_order(10, seed=3, start=start, count=12).tolist() == order[start : start + 12].tolist()


def test_learns_the_two_classes(tmp_path: Path) -> None:
    """Not a benchmark: after 150 tiny steps the half that the label names is the brighter one."""
    learned = config(
        tmp_path / "r",
        steps=150,
        lr_generator=5e-3,
        lr_discriminator=5e-3,
        mirror=False,
        log_every=50,
        penalties=("r1[gamma=0.1]", "r2[gamma=0.1]"),
    )
    watcher = Watcher()
    run(dataclasses.replace(learned, evaluate_every=0), images(), observer=watcher)
    top = load_generator(tmp_path / "r").sample(50, np.zeros(50, np.int64)).astype(float)
    bottom = load_generator(tmp_path / "r").sample(50, np.ones(50, np.int64)).astype(float)
    assert (top[:, :4].mean() - top[:, 4:].mean()) > 60
    assert (bottom[:, 4:].mean() - bottom[:, :4].mean()) > 60
    assert watcher.warnings == []  # a healthy run raises no alarm


def test_trains_without_touching_the_callers_random_numbers(tmp_path: Path) -> None:
    torch.manual_seed(5)
    np.random.seed(5)
    expected = (torch.random.get_rng_state(), np.random.get_state()[1].copy())
    run(config(tmp_path / "r", steps=1), images(), observer=Watcher())
    assert torch.equal(torch.random.get_rng_state(), expected[0])
    assert (np.random.get_state()[1] == expected[1]).all()
