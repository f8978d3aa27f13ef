"""What each recipe reaches in equal generator steps: ``python -m benchmarks.recipe_results [RECIPE …] --steps 1000 --out FILE.jsonl``.

Every recipe that makes images, at laptop size with its own network, batch and discriminator steps, trained on the 8×8 digits
(pix2pix: on pairs of their edges and them) and evaluated as `gantlet train` does it, in a classifier's features. One line a
recipe; one whose line stands in FILE is not trained again, so the run can be stopped and gone on with.
"""

import argparse
import dataclasses
import tempfile
import time
from pathlib import Path

import torch
from benchmarks.kept import gone_on

import gantlet
from gantlet.training import recipes

DATA, PAIRS = "digits", "paired[of=digits,task=edges]"
SHOWN = ("frechet_distance", "precision", "coverage", "gan_test")


def images() -> list[str]:
    """Return the recipes that make images of any source, by name."""
    given = {entry.name: recipes.load(entry.name).data for entry in recipes.RECIPES.entries()}
    return [name for name, data in given.items() if not data.startswith(("mixture", "stacked-mnist"))]


def measured(recipe: str, steps: int) -> dict[str, object]:
    """Train by a recipe and say what its final report says."""
    loaded = recipes.load(recipe)
    with tempfile.TemporaryDirectory() as folder:
        config = dataclasses.replace(
            loaded, data=PAIRS if loaded.data.startswith("paired") else DATA, steps=steps, out=f"{folder}/run",
            sample_every=0, checkpoint_every=steps, evaluate_every=0, resolution=0,
        )  # fmt: skip
        start = time.process_time()
        report = gantlet.train(config, say=lambda _: None)
        seconds = time.process_time() - start
    found = {metric: report[metric].text for metric in SHOWN if metric in report and report[metric].value is not None}
    return {**found, "cpu_seconds": round(seconds)}


def main() -> None:
    """Train what is not there yet; print every line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=images())
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("recipe-results.jsonl"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    gone_on(given.out, [{"recipe": name, "steps": given.steps} for name in given.recipes], measured)


if __name__ == "__main__":
    main()
