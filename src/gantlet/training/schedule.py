"""Learning rates over a run: a pure function of the configuration and the step, so resuming needs no state."""

import math
from collections.abc import Mapping

import torch

from gantlet.core.config import TrainConfig


def factor(config: TrainConfig, step: int) -> float:
    """Return the factor of both learning rates in step ``step`` (0 is the first) of ``config.steps``.

    With t = step/steps and e = ``decay_to``: constant: 1; linear: 1 − (1 − e)·t; cosine: e + (1 − e)·(1 + cos πt)/2.
    """
    t = step / config.steps
    if config.decay == "linear":
        return 1 - (1 - config.decay_to) * t
    if config.decay == "cosine":
        return config.decay_to + (1 - config.decay_to) * (1 + math.cos(math.pi * t)) / 2
    return 1.0


def set_rates(config: TrainConfig, step: int, optimizers: Mapping[str, torch.optim.Optimizer]) -> None:
    """Set the learning rates of the optimisers ``generator`` and ``discriminator`` for this step."""
    rates = {"generator": config.lr_generator, "discriminator": config.lr_discriminator}
    for player, optimizer in optimizers.items():
        for group in optimizer.param_groups:
            group["lr"] = rates[player] * factor(config, step)
