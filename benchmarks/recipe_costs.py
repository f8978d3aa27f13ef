"""What a generator step of each recipe costs beside dcgan's: ``python benchmarks/recipe_costs.py [STEPS] [ROUNDS]``.

Every recipe that makes images, at laptop size with its own network, batch and discriminator steps, on the same synthetic images
in MNIST's shape (gray, 32×32, ten classes; pix2pix: pairs of them). Figure: processor seconds a generator step, all its
discriminator steps included, over dcgan's. The recipes take turns in every round; the median over the rounds counts. One step of
each run is left out, and nothing is logged, drawn, evaluated or saved.
"""

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from gantlet.training import recipes
from gantlet.training.data import Pairs, TrainingImages
from gantlet.training.loop import run
from gantlet.training.observer import Measured, Sampler

IMAGES, SIDE, CLASSES = 512, 32, 10


class Enough(Exception):
    """As many steps as were asked for."""


class Clock:
    """Processor seconds from the end of the first step on."""

    def __init__(self, steps: int) -> None:
        self.steps, self.seconds = steps, 0.0

    def on_progress(self, step: int, total: int) -> None:
        """Start, or stop and leave the loop."""
        if step == 1:
            self.seconds = -time.process_time()
        if step == self.steps + 1:
            self.seconds += time.process_time()
            raise Enough

    def on_log(self, line: Mapping[str, Any]) -> None: ...

    def on_warning(self, message: str) -> None: ...

    def on_evaluate(self, sampler: Sampler, step: int, images_seen: int) -> Measured:
        """Never called: nothing is evaluated."""
        return Measured(None, {})


def images(paired: bool) -> TrainingImages:
    """Return random gray images with labels."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, SIDE, SIDE, 1), dtype=np.uint8)
    labels, classes = np.arange(IMAGES) % CLASSES, tuple(map(str, range(CLASSES)))
    pairs = Pairs(pixels[::-1].copy(), pixels, pixels) if paired else None
    return TrainingImages(pixels, labels, classes, "synthetic", "synthetic", pairs)


def seconds_a_step(name: str, steps: int) -> float:
    """Return processor seconds a generator step of one recipe."""
    clock, recipe = Clock(steps), recipes.load(name)
    never = 10**9
    with tempfile.TemporaryDirectory() as folder:
        config = dataclasses.replace(
            recipe, out=f"{folder}/run", device="cpu", steps=never, log_every=never, sample_every=0,
            checkpoint_every=never, evaluate_every=0,
        )  # fmt: skip
        try:
            run(config, images(recipe.data.startswith("paired")), observer=clock)
        except Enough:
            return clock.seconds / steps
    raise AssertionError("the loop ended early")


def main(steps: int, rounds: int) -> None:
    """Measure all recipes in turn and print each one's seconds and its ratio to dcgan."""
    torch.set_num_threads(1)
    names = [
        entry.name for entry in recipes.RECIPES.entries() if not recipes.load(entry.name).data.startswith("mixture")
    ]
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            found[name].append(seconds_a_step(name, steps))
    base = statistics.median(found["dcgan"])
    for name, seconds in sorted(found.items(), key=lambda item: statistics.median(item[1])):
        each = ", ".join(f"{s:.3f}" for s in seconds)
        sys.stdout.write(f"{name:12} {statistics.median(seconds) / base:6.2f} × dcgan   ({each} CPU s a step)\n")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]) if len(sys.argv) == 3 else (5, 2))
