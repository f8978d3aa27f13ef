"""Learning rates and second moments over a run: a pure function of the configuration and the step, so resuming needs no state."""

import math
from collections.abc import Mapping

import torch

from gantlet.core.config import TrainConfig
from gantlet.core.schedules import half_cosine


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
    """Set the learning rates (and, with ``beta2_to``, the decay of second moments) of both optimisers for this step."""
    rates = {"generator": config.lr_generator, "discriminator": config.lr_discriminator}
    for player, optimizer in optimizers.items():
        for group in optimizer.param_groups:
            group["lr"] = rates[player] * factor(config, step)
            if config.beta2_to is not None:
                beta2 = half_cosine(config.beta2, config.beta2_to, step / config.steps)
                group |= {"alpha": beta2} if "alpha" in group else {"betas": (group["betas"][0], beta2)}
