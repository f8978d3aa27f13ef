"""Every recipe builds the game that it names, says where it comes from, trains, resumes, exports and reloads."""

import dataclasses
import re
import signal
from pathlib import Path

import numpy as np
import pytest

from gantlet.actions.export import export
from gantlet.actions.train import training_data
from gantlet.cli import main
from gantlet.core.errors import ConfigError, Interrupted, UnknownName
from gantlet.core.interfaces.modules import module_capabilities
from gantlet.core.specs import format_spec, parse_spec
from gantlet.data.opening import open_source
from gantlet.training import recipes
from gantlet.training.data import TrainingData, TrainingImages, TrainingPoints
from gantlet.training.game import Game
from gantlet.training.loop import run
from gantlet.training.observer import Silent
from gantlet.training.runs.generator import load_generator

NAMES = [entry.name for entry in recipes.RECIPES.entries()]


class Stops(Silent):
    """Wants to know nothing, and asks to stop after a step."""

    def __init__(self, stop_after: int) -> None:
        self.stop_after = stop_after

    def on_progress(self, step: int, total: int) -> None:
        if step == self.stop_after:
            signal.raise_signal(signal.SIGINT)


def test_the_recipes_of_this_stage_are_there() -> None:
    assert {"cgan", "dcgan", "digits", "r3gan"} <= set(NAMES)
    assert {"lsgan", "wgan", "wgan-gp", "dragan", "sngan", "projection", "acgan", "ebgan", "began"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_builds_and_says_its_source(name: str) -> None:
    entry = next(entry for entry in recipes.RECIPES.entries() if entry.name == name)
    assert entry.summary.endswith(".")
    assert "arXiv" in entry.source or "ICCV" in entry.source
    config = recipes.load(name)
    assert config.recipe == name
    Game.of(config)


@pytest.mark.parametrize("name", NAMES)
def test_has_its_papers_size_or_says_why_not(name: str) -> None:
    """Every override of [laptop] changes something, and the paper's size builds its game too."""
    found = next(entry.object for entry in recipes.RECIPES.entries() if entry.name == name)
    assert ("train" in found) != ("only_laptop" in found)
    if "only_laptop" in found:
        with pytest.raises(
            ConfigError, match=f"recipe '{name}' has no paper size: .{{20,}}; train it at --size laptop"
        ):
            recipes.load(name, "paper")
        return
    laptop, paper = recipes.load(name), recipes.load(name, "paper")
    assert paper.recipe == f"{name}-paper"
    Game.of(paper)
    for key in found.get("laptop", {}):
        assert getattr(laptop, key) != getattr(paper, key), f"{name}: [laptop] repeats {key}"
    for field in dataclasses.fields(paper):
        if field.name not in (*found.get("laptop", {}), "recipe"):
            assert getattr(laptop, field.name) == getattr(paper, field.name)


def test_the_command_line_takes_a_size(capsys: pytest.CaptureFixture[str]) -> None:
    for words, steps in ([], 4_000), (["--size", "laptop"], 4_000), (["--size", "paper"], 100_000):
        assert main(["train", "sngan", *words, "--help"]) == 0
        assert re.search(rf"--steps INT[^(]*\(default:\s+{steps}\)", capsys.readouterr().out)


def test_another_size_is_refused() -> None:
    with pytest.raises(ConfigError, match="laptop or paper; got 'smoke'"):
        recipes.load("sngan", "smoke")


def smallest(name: str) -> TrainingData:
    """The recipe's own points, or 64 of the 8×8 digits (for pix2pix in pairs): what it can be trained on in seconds."""
    data = recipes.load(name).data
    if data.startswith("mixture"):
        return training_data(open_source(data))
    digits = "digits[split=test]"
    whole = training_data(open_source(f"paired[of={digits},task=edges]" if data.startswith("paired") else digits))
    assert isinstance(whole, TrainingImages) and whole.labels is not None
    pairs = whole.pairs and dataclasses.replace(whole.pairs, inputs=whole.pairs.inputs[:64])
    return dataclasses.replace(whole, images=whole.images[:64], labels=whole.labels[:64], pairs=pairs)


def narrow(spec: str) -> str:
    """Return a network 16 channels wide, for speed; its kind and its other options are the recipe's."""
    if spec == "" or spec.startswith("mlp"):
        return spec
    name, options = parse_spec(spec)
    return format_spec(name, {**options, "width": "16"})


@pytest.mark.parametrize("steps", [40, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NAMES)
def test_trains_resumes_bit_exactly_exports_and_reloads(name: str, steps: int, tmp_path: Path) -> None:
    """Stopped half way and resumed: the weights' SHA-256 of an undisturbed run, over networks and average."""
    data, recipe = smallest(name), recipes.load(name)
    usual = dataclasses.replace(
        recipe, data=data.source, steps=steps, batch=8, resolution=0, log_every=steps // 4, sample_every=0, checkpoint_every=steps // 2,
        evaluate_every=0, device="cpu", network=narrow(recipe.network), discriminator=narrow(recipe.discriminator),
    )  # fmt: skip
    whole = run(dataclasses.replace(usual, out=str(tmp_path / "a")), data, observer=Silent())
    stopped = dataclasses.replace(usual, out=str(tmp_path / "b"))
    with pytest.raises(Interrupted):
        run(stopped, data, observer=Stops(stop_after=steps // 2))
    again = run(stopped, data, resume=True, observer=Silent())
    assert whole.step == again.step == steps and again.weights_sha256 == whole.weights_sha256

    loaded = load_generator(tmp_path / "b")
    assert loaded.n_classes == (10 if usual.conditioning != "none" else 0)
    pairs = getattr(data, "pairs", None)
    given = {} if pairs is None else {"inputs": pairs.shown[:20]}
    drawn = loaded.sample(20, **given)
    assert drawn.shape == ((20, 2) if isinstance(data, TrainingPoints) else (20, 8, 8, 1))
    assert len(np.unique(drawn.reshape(20, -1), axis=0)) > 1
    assert (drawn == load_generator(tmp_path / "a").sample(20, **given)).all()
    if any(module_capabilities(module).no_graph for module in loaded.generator.modules()):
        with pytest.raises(ConfigError, match="an ONNX graph cannot express"):
            export(tmp_path / "b", tmp_path / "generator.onnx")
    else:
        assert export(tmp_path / "b", tmp_path / "generator.onnx").difference < 1e-4


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'r3gan'"):
        recipes.load("r3gna")
