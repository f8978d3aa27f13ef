"""What each recipe reaches: ``python -m benchmarks.recipe_results [RECIPE …] --steps 1000 --out FILE.jsonl``.

Every recipe that makes images, at laptop size with its own network, batch and discriminator steps, trained on the 8×8 digits
(pix2pix: on pairs of their edges and them) in equal generator steps, and evaluated as `gantlet train` does it, in a classifier's
features. With ``--minutes 10 --data 'mnist[root=DIR]'``: by as many steps as take so many CPU minutes on this machine by a short
trial. One line a recipe; one whose line stands in FILE is not trained again, so the run can be stopped and gone on with.
"""

import argparse
import dataclasses
import functools
import tempfile
import time
from pathlib import Path

import torch
from benchmarks.kept import gone_on

import gantlet
from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.data.opening import open_images
from gantlet.labs.timed import per_step
from gantlet.labs.training import train_and_sample
from gantlet.training import recipes

DATA = "digits"
SHOWN = ("frechet_distance", "precision", "coverage", "gan_test")
TRIAL = 24
"""Steps that tell the CPU seconds per step."""


def images() -> list[str]:
    """Return the recipes that make images of any source, by name."""
    given = {entry.name: recipes.load(entry.name).data for entry in recipes.RECIPES.entries()}
    return [name for name, data in given.items() if not data.startswith(("mixture", "stacked-mnist"))]


def configured(recipe: str, data: str) -> TrainConfig:
    """Return a recipe's configuration on these data, or on pairs of their edges and them."""
    loaded = recipes.load(recipe)
    paired = loaded.data.startswith("paired")
    return dataclasses.replace(
        loaded, data=f"paired[of={data},task=edges]" if paired else data, sample_every=0, evaluate_every=0,
        resolution=0,
    )  # fmt: skip


def steps_in(minutes: float, config: TrainConfig) -> int:
    """Return how many generator steps take so many CPU minutes, by a short training."""
    trial = dataclasses.replace(config, steps=TRIAL, log_every=TRIAL)
    rate = per_step(train_and_sample(trial, training_data(open_images(config.data)), 1).clock)
    return max(2, round(60 * minutes / rate))


def measured(data: str, recipe: str, steps: int = 0, minutes: float = 0) -> dict[str, object]:
    """Train by a recipe and say what its final report says."""
    config = configured(recipe, data)
    chosen = steps or steps_in(minutes, config)
    with tempfile.TemporaryDirectory() as folder:
        config = dataclasses.replace(config, steps=chosen, out=f"{folder}/run", checkpoint_every=chosen)
        start = time.process_time()
        report = gantlet.train(config, say=lambda _: None)
        seconds = time.process_time() - start
    found = {metric: report[metric].text for metric in SHOWN if metric in report and report[metric].value is not None}
    return {**found, "generator_steps": chosen, "cpu_seconds": round(seconds)}


def main() -> None:
    """Train what is not there yet; print every line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=images())
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=0, help="CPU minutes of training, in the place of steps")
    parser.add_argument("--data", default=DATA, help="labelled images")
    parser.add_argument("--out", type=Path, default=Path("recipe-results.jsonl"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    budget = {"minutes": given.minutes} if given.minutes else {"steps": given.steps}
    gone_on(given.out, [{"recipe": name, **budget} for name in given.recipes], functools.partial(measured, given.data))


if __name__ == "__main__":
    main()
