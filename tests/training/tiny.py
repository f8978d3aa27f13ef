"""A training run small enough for a test, made by code; also the script that the kill test starts and kills.

Run as a script: python tiny.py RUN STEPS [resume].
"""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.networks import ImageShape
from gantlet.core.interfaces.step import TermContext
from gantlet.training.data import TrainingImages
from gantlet.training.networks import NETWORKS
from gantlet.training.observer import Measured


def images(n: int = 40, seed: int = 0, labelled: bool = True, channels: int = 1, digest: str = "d0") -> TrainingImages:
    """Return n noisy 8×8 images whose bright half says the class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int64) % 2
    pixels = rng.integers(0, 60, size=(n, 8, 8, channels))
    pixels[labels == 0, :4] += 180
    pixels[labels == 1, 4:] += 180
    return TrainingImages(
        pixels.astype(np.uint8), labels if labelled else None, ("top", "bottom") if labelled else (), digest, "tiny"
    )


def config(out: Path, **changes: Any) -> TrainConfig:
    """Return a configuration that uses every part of the state: BN buffers, EMA, penalties with randomness, mirror,
    two D steps.
    """
    values: dict[str, Any] = {
        "out": str(out),
        "steps": 12,
        "batch": 8,
        "network": "dcgan[width=4,norm=none]",
        "latent": 4,
        "objective": "rpgan",
        "penalties": ("r1[gamma=0.1]", "gradient-penalty[weight=0.1]"),
        "techniques": ("ema[half_life=50]",),
        "conditioning": "projection",
        "discriminator_steps": 2,
        "mirror": True,
        "log_every": 2,
        "sample_every": 4,
        "checkpoint_every": 3,
        "device": "cpu",
        "evaluate_every": 64,
    }
    return TrainConfig(**{**values, **changes})


def term_context(labels: Tensor | None = None, **given: Any) -> TermContext:
    """Return the context of a term; without images and a discriminator unless they are given."""

    def refuses(images: Tensor, labels: Tensor | None) -> DiscriminatorOutput:
        raise AssertionError("this term scores nothing")

    nothing = torch.zeros(0 if labels is None else len(labels))
    values = {"labels": labels, "real": nothing, "fake": nothing, "score": refuses, "stream": torch.Generator()}
    return TermContext(**{**values, **given})


class Watcher:
    """Remembers all it is told; its score falls until step ``best`` and rises after it."""

    def __init__(self, best: int = 8) -> None:
        self.best = best
        self.lines: list[Mapping[str, Any]] = []
        self.warnings: list[str] = []
        self.steps: list[int] = []
        self.evaluated: list[int] = []

    def on_log(self, line: Mapping[str, Any]) -> None:
        self.lines.append(line)

    def on_warning(self, message: str) -> None:
        self.warnings.append(message)

    def on_evaluate(self, sampler: Any, step: int, images_seen: int) -> Measured:
        self.evaluated.append(step)
        assert sampler(5, None).shape == (5, 8, 8, 1)
        return Measured(abs(step - self.best) + 1.0, {"distance": {"value": 1.0}})

    def on_progress(self, step: int, total: int) -> None:
        self.steps.append(step)


class Slow(Watcher):
    """Lets each step last, so that a kill finds the run in the middle of it."""

    def on_progress(self, step: int, total: int) -> None:
        time.sleep(0.02)


def pair(spec: str, shape: ImageShape, conditioning: str, n_classes: int) -> tuple[nn.Module, nn.Module]:
    """Return the generator with 6 latent dimensions and the discriminator of a network, seed 0."""
    torch.manual_seed(0)
    network = NETWORKS.build(spec)
    return network.generator(shape, 6, conditioning, n_classes), network.discriminator(shape, conditioning, n_classes)


if __name__ == "__main__":
    from gantlet.training.loop import run

    print("started", flush=True)
    result = run(
        config(Path(sys.argv[1]), steps=int(sys.argv[2])), images(), resume="resume" in sys.argv, observer=Slow()
    )
    print(result.weights_sha256, flush=True)
