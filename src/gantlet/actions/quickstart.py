"""The whole workflow in one call: train a conditional GAN on the built-in digits, evaluate it, write the report."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from gantlet.actions.train import train
from gantlet.core.results.report import Report
from gantlet.evaluation.sides import Progress, nothing
from gantlet.training import recipes


def quickstart(
    out: Path = Path("runs/quickstart"),
    *,
    steps: int = 0,
    seed: int = 0,
    progress: Progress = nothing,
    say: Callable[[str], None] = print,
) -> Report | None:
    """Train the recipe ``digits`` into ``out`` and return the final report (None: see `train`); an interrupted quickstart continues.

    Args: out: the run folder; steps: generator steps, 0 for the recipe's number; seed: the one seed.
    Raises: CheckpointError when ``out`` holds a run with other settings.
    """
    config = dataclasses.replace(recipes.load("digits"), out=str(out), seed=seed)
    if steps:
        config = dataclasses.replace(config, steps=steps)
    return train(config, resume="auto", progress=progress, say=say)
