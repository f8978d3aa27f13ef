"""Every recipe builds the game that it names, says where it comes from, trains, resumes, exports and reloads."""

import dataclasses
import signal
from pathlib import Path

import numpy as np
import pytest

from gantlet import recipes
from gantlet.actions.export import export
from gantlet.actions.train import training_data
from gantlet.data import open_source
from gantlet.errors import ConfigError, Interrupted, UnknownName
from gantlet.networks.saved import load_generator
from gantlet.training.game import Game
from gantlet.training.images import TrainingData, TrainingPoints
from gantlet.training.interface import Measured
from gantlet.training.loop import run

NAMES = [entry.name for entry in recipes.entries()]


class Silent:
    def __init__(self, stop_after: int = 0) -> None:
        self.stop_after = stop_after

    def on_log(self, line: object) -> None: ...

    def on_warning(self, message: str) -> None: ...

    def on_evaluate(self, sampler: object, step: int, images_seen: int) -> Measured:
        return Measured(None, {})

    def on_progress(self, step: int, total: int) -> None:
        if step == self.stop_after:
            signal.raise_signal(signal.SIGINT)


def test_the_recipes_of_this_stage_are_there() -> None:
    assert {"cgan", "dcgan", "digits", "r3gan"} <= set(NAMES)
    assert {"lsgan", "wgan", "wgan-gp", "dragan", "sngan", "projection", "acgan", "ebgan", "began"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_builds_and_says_its_source(name: str) -> None:
    entry = next(entry for entry in recipes.entries() if entry.name == name)
    assert entry.summary.endswith(".")
    assert "arXiv" in entry.source or "ICCV" in entry.source
    config = recipes.load(name)
    assert config.recipe == name
    Game.of(config)


def smallest(name: str) -> TrainingData:
    """The recipe's own points, or 64 of the 8×8 digits: what it can be trained on in seconds."""
    data = recipes.load(name).data
    source = open_source(data if data.startswith("mixture") else "digits[split=test]")
    whole = training_data(source)
    if isinstance(whole, TrainingPoints):
        return whole
    assert whole.labels is not None
    return dataclasses.replace(whole, images=whole.images[:64], labels=whole.labels[:64])


@pytest.mark.parametrize("name", NAMES)
def test_trains_200_steps_resumes_bit_exactly_exports_and_reloads(name: str, tmp_path: Path) -> None:
    """Stopped after step 100 and resumed: the weights' SHA-256 of an undisturbed run, over networks and average."""
    data = smallest(name)
    usual = dataclasses.replace(
        recipes.load(name), data=data.source, steps=200, batch=8, size=0, log_every=50, sample_every=0, checkpoint_every=100,
        evaluate_every=0, device="cpu",
    )  # fmt: skip
    whole = run(dataclasses.replace(usual, out=str(tmp_path / "a")), data, observer=Silent())
    stopped = dataclasses.replace(usual, out=str(tmp_path / "b"))
    with pytest.raises(Interrupted):
        run(stopped, data, observer=Silent(stop_after=100))
    again = run(stopped, data, resume=True, observer=Silent())
    assert whole.step == again.step == 200 and again.weights_sha256 == whole.weights_sha256

    loaded = load_generator(tmp_path / "b")
    assert loaded.n_classes == (10 if usual.conditioning != "none" else 0)
    drawn = loaded.sample(20)
    assert drawn.shape == ((20, 2) if isinstance(data, TrainingPoints) else (20, 8, 8, 1))
    assert len(np.unique(drawn.reshape(20, -1), axis=0)) > 1
    assert (drawn == load_generator(tmp_path / "a").sample(20)).all()
    if any(hasattr(module, "no_graph") for module in loaded.generator.modules()):
        with pytest.raises(ConfigError, match="no ONNX graph"):
            export(tmp_path / "b", tmp_path / "generator.onnx")
    else:
        assert export(tmp_path / "b", tmp_path / "generator.onnx").difference < 1e-4


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'r3gan'"):
        recipes.load("r3gna")
