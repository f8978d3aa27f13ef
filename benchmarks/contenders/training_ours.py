"""gantlet's own loop on its recipe `dcgan`, a number of steps at a time."""

import dataclasses
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import plain_dcgan as common
from turnstile import Turnstile

from gantlet.training.data import TrainingImages
from gantlet.training.loop import run
from gantlet.training.observer import Measured
from gantlet.training.recipes import load


class Observer:
    """Waits at the turnstile after each step; writes the samples when the loop asks for a measurement."""

    def __init__(self, gate: Turnstile, path: Path, samples: int) -> None:
        self.gate, self.path, self.samples = gate, path, samples

    def on_log(self, line: Mapping[str, Any]) -> None:
        """Look at nothing."""

    def on_warning(self, message: str) -> None:
        """Look at nothing."""

    def on_evaluate(self, sampler: Any, step: int, images_seen: int) -> Measured:
        """Write the samples."""
        np.save(self.path, sampler(self.samples, None))
        return Measured(None, {})

    def on_progress(self, step: int, total: int) -> None:
        """Wait."""
        self.gate.step()


def _task(folder: Path, name: str, **changes: Any) -> Callable[[], list[float]]:
    plan = json.loads((folder / "plan.json").read_text())
    pixels = np.load(folder / "train.npy")
    images = TrainingImages(pixels, None, (), "none", "race")
    config = dataclasses.replace(
        load("dcgan"), seed=plan["seed"], out=tempfile.mkdtemp(), steps=10**6, sample_every=0, checkpoint_every=10**9, device="cpu",
        evaluate_every=(plan["steps"] + 1) * common.BATCH if plan["steps"] else 0, **changes,
    )  # fmt: skip

    def train(gate: Turnstile) -> None:
        run(config, images, observer=Observer(gate, folder / f"samples-{name}.npy", plan["samples"]))

    gate = Turnstile(train)
    gate.advance(1)

    def turn() -> list[float]:
        gate.advance(plan["turn"])
        return []

    return turn


def fp32(folder: Path) -> Callable[[], list[float]]:
    """As the recipe says."""
    return _task(folder, "fp32")


def bf16(folder: Path) -> Callable[[], list[float]]:
    """With bfloat16 in convolutions and products."""
    return _task(folder, "bf16", precision="bf16-mixed")


def compiled(folder: Path) -> Callable[[], list[float]]:
    """With compiled networks."""
    return _task(folder, "compiled", compile=True)


def compiled_bf16(folder: Path) -> Callable[[], list[float]]:
    """With both."""
    return _task(folder, "compiled-bf16", compile=True, precision="bf16-mixed")
