"""Every recipe builds the game that it names, says where it comes from, and trains."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from gantlet import recipes
from gantlet.actions.train import training_data
from gantlet.data import open_source
from gantlet.errors import UnknownName
from gantlet.networks.saved import load_generator
from gantlet.training.game import Game
from gantlet.training.images import Pairs, TrainingImages
from gantlet.training.interface import Measured
from gantlet.training.loop import run

NAMES = [entry.name for entry in recipes.entries()]


class Silent:
    def on_log(self, line: object) -> None: ...

    def on_warning(self, message: str) -> None: ...

    def on_evaluate(self, sampler: object, step: int, images_seen: int) -> Measured:
        return Measured(None, {})

    def on_progress(self, step: int, total: int) -> None: ...


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


POINTS = [name for name in NAMES if recipes.load(name).data.startswith("mixture")]


@pytest.mark.parametrize("name", POINTS)
def test_recipes_of_points_train_and_reload(name: str, tmp_path: Path) -> None:
    config = dataclasses.replace(recipes.load(name), out=str(tmp_path / "r"), steps=3, batch=8, log_every=1)
    result = run(config, training_data(open_source(config.data)), observer=Silent())
    assert (result.step, load_generator(tmp_path / "r").sample(2).shape) == (3, (2, 2))


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(POINTS)))
def test_trains_and_reloads(name: str, tmp_path: Path) -> None:
    """Three steps on random 8×8 (digits) or 16×16 images; quality is the quickstart's matter."""
    size = 8 if name == "digits" else 16
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (16, size, size, 1), dtype=np.uint8)
    pairs = Pairs(pixels[::-1].copy(), pixels[:4], pixels[:4]) if name == "pix2pix" else None
    images = TrainingImages(pixels, np.arange(16) % 4, tuple("abcd"), "", "random", pairs)
    config = dataclasses.replace(recipes.load(name), out=str(tmp_path / "r"), steps=3, batch=8, log_every=1)
    result = run(config, images, observer=Silent())
    loaded = load_generator(tmp_path / "r")
    assert (result.step, loaded.step) == (3, 3)
    assert loaded.n_classes == (4 if config.conditioning != "none" else 0)
    assert loaded.sample(2, inputs=pixels[:2] if pairs else None).shape == (2, size, size, 1)


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'r3gan'"):
        recipes.load("r3gna")
