"""What the data decide about a training, where the user does not: what is kept out, the resolution, the number of steps."""

import dataclasses
import math
from typing import NamedTuple

import numpy as np

from gantlet.core.config import TrainConfig
from gantlet.core.shares import AUTO, FEW, FIFTH
from gantlet.core.words import counted, some_of
from gantlet.data.kinds import Source
from gantlet.data.random_split import with_held_out
from gantlet.data.reading import SIZES, sample_shapes
from gantlet.data.source import ImageSource

PASSES = 800
"""Passes over the training images after which more steps bring little (figures in docs/training.md, "Sized by the data")."""
LEAST_STEPS = 5_000


class Sized(NamedTuple):
    """The configuration with what was chosen, the data that are trained on, and a sentence on each choice."""

    config: TrainConfig
    source: Source
    said: tuple[str, ...]


def sized(config: TrainConfig, source: Source, *, steps: bool = False, before: TrainConfig | None = None) -> Sized:
    """Return a training's configuration with its held-out share, resolution and steps settled by the data.

    Only what is ``auto`` (held_out) or 0 (resolution) is chosen; ``steps``: the number in ``config`` is that of a recipe for other
    data, and is lowered where it is more than `PASSES` passes over these. ``before``: the configuration of a run that is resumed,
    whose choices stay.
    Raises: ConfigError for a share that leaves too few images, or is given for data with a split of their own.
    """
    share = before.held_out if before is not None and config.held_out == AUTO else config.held_out
    trained, share = with_held_out(source, share)
    said = [_of_share(source, trained, config.held_out)]
    resolution = config.resolution
    if not resolution and isinstance(trained, ImageSource):
        resolution, sentence = (before.resolution, "") if before is not None else _resolution(trained)
        said.append(sentence)
    number = config.steps
    if steps:
        number, sentence = _steps(config, len(trained), source.kind)
        number = max(number, before.steps) if before is not None else number
        said.append(sentence)
    chosen = dataclasses.replace(config, held_out=share, resolution=resolution, steps=number)
    return Sized(chosen, trained, tuple(filter(None, said)))


def _of_share(source: Source, trained: Source, asked: str) -> str:
    n, kept, noun = len(source), len(source) - len(trained), source.kind.removesuffix("s")
    if kept:
        return (
            f"held out: {some_of(kept, n, noun, of='of the')} of {source.spec}, chosen at random; they are not trained on, and memorisation "
            "and the reference are tested with them (--held-out chooses how many)"
        )
    if asked == AUTO and not source.held_out and n < FEW * FIFTH:
        return (
            f"nothing is held out: of {counted(n, noun)} a fifth is fewer than the {FEW} that a verdict needs, so that memorisation is "
            "not tested (--held-out 20% keeps a fifth out)"
        )
    return ""


def _resolution(source: ImageSource) -> tuple[int, str]:
    """Return the smallest of SIZES that holds the median of 16 images spread over the data (64 where none does), and why."""
    median = float(np.median([min(height, width) for height, width, _ in sample_shapes(source)]))
    size = next((size for size in SIZES if size >= median), SIZES[-1])
    if size == median:
        return size, ""
    why = "the smallest that holds" if size > median else "the largest that is chosen without --resolution:"
    return size, f"resolution {size}, {why} the median image of {median:g} pixels (--resolution chooses another)"


def _steps(config: TrainConfig, n: int, kind: str) -> tuple[int, str]:
    enough = max(LEAST_STEPS, math.ceil(PASSES * n / config.batch))
    if enough >= config.steps:
        return config.steps, ""
    return enough, (
        f"{counted(enough, 'step')} in place of the recipe's {config.steps:,}: they are {enough * config.batch / n:,.0f} passes over the {n:,} "
        f"{kind} that are trained on, and more bring little (--steps chooses another number)"
    )
