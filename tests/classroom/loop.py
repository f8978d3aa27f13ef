"""A training by gantlet's own loop, and all that another program needs to repeat it: first weights and every batch."""

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import torch
from lightning_fabric import Fabric

from gantlet.classroom.games import config, settings
from gantlet.core.devices import connect
from gantlet.core.interfaces.networks import PointShape
from gantlet.data.mixture import mixture_of
from gantlet.labs.training import train_and_sample
from gantlet.training.data import TrainingPoints
from gantlet.training.game import Game
from gantlet.training.loader import Loader
from gantlet.training.penalties.gradients import random_uniform
from gantlet.training.state import TrainState


@contextlib.contextmanager
def double() -> Iterator[None]:
    """Let gantlet's loop compute in float64: its code is the same, and rounding does not grow into the digits compared.

    In float32 two right programs drift apart: a kink of ReLU is passed one step sooner, or Adam divides by a tiny gradient.
    """
    usual, rows = torch.get_default_dtype(), Loader._points
    fabric = Fabric(accelerator="cpu", devices=1, precision="64-true")
    torch.set_default_dtype(torch.float64)
    try:
        with (
            mock.patch("gantlet.training.loop.devices.connect", return_value=fabric),
            mock.patch.object(Loader, "_points", lambda *given: rows(*given).double()),
        ):
            yield
    finally:
        torch.set_default_dtype(usual)


def flat(network: torch.nn.Module) -> list[float]:
    """Return all parameters in one list, weights before biases, layer by layer."""
    return torch.cat([p.detach().double().flatten() for p in network.parameters()]).tolist()


def points(n: int = 2_000) -> TrainingPoints:
    """Return points of the ring as training data."""
    drawn, _ = mixture_of("ring", 0.03, 2.0).draw(n, np.random.default_rng(0))
    return TrainingPoints(drawn.astype(np.float32), None, (), "0" * 64, "ring")


def exported(game: str, steps: int, activation: str = "relu", batch: int = 32) -> dict[str, Any]:
    """Train ``steps`` steps; return the settings, the first weights, the batches, and the loop's losses and last weights."""
    chosen = config(
        game,
        activation=activation,
        steps=steps,
        seed=3,
        batch=batch,
        log_every=1,
        evaluate=False,
        device="cpu",
        out="unused",
    )
    data = points()
    run = train_and_sample(chosen, data, 10)
    state = TrainState.fresh(chosen, Game.of(chosen), PointShape(2), 0)
    first = {"generator": flat(state.generator), "discriminator": flat(state.discriminator)}
    loader = Loader(chosen, data, connect("cpu", "32-true").device)
    batches = []
    for _ in range(steps):
        for k in range(chosen.discriminator_steps + 1):
            drawn = loader.next(state)
            entry = {"real": drawn.real.flatten().tolist(), "z": drawn.z.flatten().tolist()}
            if k < chosen.discriminator_steps and game == "wgan-gp":
                entry["alpha"] = random_uniform(drawn.real, (batch, 1), state.streams["penalty"])[:, 0].tolist()
            batches.append(entry)
    return {
        "config": {**settings(game), "activation": activation, "batch": batch},
        "first": first,
        "batches": batches,
        "losses": list(run.lines),
        "last": {"generator": flat(run.state.generator), "discriminator": flat(run.state.discriminator)},
    }
