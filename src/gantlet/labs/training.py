"""Trainings of a lab: the usual loop in a temporary folder; samples, log and state are returned."""

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jaxtyping import Int64

from gantlet.core.config import TrainConfig
from gantlet.training.checkpoint import Checkpoints
from gantlet.training.data import TrainingData
from gantlet.training.game import Game
from gantlet.training.loop import run
from gantlet.training.observer import Measured, Sampler, Samples
from gantlet.training.state import TrainState


@dataclass(frozen=True)
class TrainingRun:
    """A finished training: samples by step (the last are the final generator's), the log's lines, the state, and the CPU
    seconds of this process at the end of each step.
    """

    samples_by_step: tuple[tuple[int, Samples], ...]
    lines: tuple[dict[str, Any], ...]
    state: TrainState
    clock: tuple[float, ...]

    @property
    def samples(self) -> Samples:
        """Return the final generator's samples."""
        return self.samples_by_step[-1][1]


def train_and_sample(
    config: TrainConfig, data: TrainingData, draws: int, labels: Int64[np.ndarray, " n"] | None = None
) -> TrainingRun:
    """Train by ``config`` on ``data`` and draw ``draws`` samples (of these labels) at each evaluation and at the end.

    Warnings are not shown, because some labs provoke a collapse. Raises: the errors of the loop.
    """
    with TemporaryDirectory() as folder:
        config = dataclasses.replace(config, out=folder, sample_every=0, checkpoint_every=config.steps)
        watching = _Recorder(draws, labels)
        run(config, data, observer=watching)
        n_classes = 0 if config.conditioning == "none" else len(data.classes)
        state = TrainState.fresh(config, Game.of(config), data.shape, n_classes)
        Checkpoints(Path(folder), config, data).restore(state)
    return TrainingRun(tuple(watching.samples_by_step), tuple(watching.lines), state, tuple(watching.clock))


@dataclass
class _Recorder:
    """An observer that draws samples at every evaluation, keeps the log and the time, and prints nothing."""

    draws: int
    labels: Int64[np.ndarray, " n"] | None
    samples_by_step: list[tuple[int, Samples]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)

    def on_log(self, line: Mapping[str, Any]) -> None:
        """Keep the line."""
        self.lines.append(dict(line))

    def on_warning(self, message: str) -> None:
        """Print nothing."""

    def on_evaluate(self, sampler: Sampler, step: int, images_seen: int) -> Measured:
        """Draw samples."""
        self.samples_by_step.append((step, sampler(self.draws, self.labels)))
        return Measured(None, {})

    def on_progress(self, step: int, total: int) -> None:
        """Keep the time; show nothing: the lab counts its trainings."""
        self.clock.append(time.process_time())
