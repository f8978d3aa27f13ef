"""Trainings of a lab by a budget of CPU seconds."""

import dataclasses
from typing import NamedTuple

import numpy as np

from gantlet.core.config import TrainConfig
from gantlet.labs.training import train_and_sample
from gantlet.training.data import TrainingData
from gantlet.training.observer import Samples

FIRST, PILOT = 12, 0.05
"""Steps of the first pilot, and the share of the budget that the second takes, which warms up as the training does."""


class Timed(NamedTuple):
    """A training by a budget: its final generator's samples, its generator steps, and the CPU seconds that they took."""

    samples: Samples
    steps: int
    seconds: float


def train_for(budget: float, config: TrainConfig, data: TrainingData, draws: int) -> Timed:
    """Train for ``budget`` CPU seconds of this process and draw ``draws`` samples.

    Two short trainings give the seconds per step, ``budget`` over that gives the steps (at least 2). The pilots are not
    counted, nor are the networks' set-up and the samples.
    """
    rate = per_step(_clock(config, data, FIRST))
    rate = per_step(_clock(config, data, max(FIRST, round(PILOT * budget / rate))))
    steps = max(2, round(budget / rate))
    run = train_and_sample(dataclasses.replace(config, steps=steps, log_every=steps), data, draws)
    return Timed(run.samples, steps, steps * float(np.mean(np.diff(run.clock))))


def per_step(clock: tuple[float, ...]) -> float:
    """Return the median CPU seconds per step of the later half of a training, at least a microsecond."""
    seconds = np.diff(clock)
    return max(float(np.median(seconds[len(seconds) // 2 :])), 1e-6)


def _clock(config: TrainConfig, data: TrainingData, steps: int) -> tuple[float, ...]:
    return train_and_sample(dataclasses.replace(config, steps=steps, log_every=steps), data, 1).clock
