"""What happens before the first step: the latent's dimension, parts that learn from all images, pairs of latents and images."""

import dataclasses

import torch

from gantlet.core.config import TrainConfig
from gantlet.core.interfaces.beginning import Begins, PairsLatents
from gantlet.core.interfaces.networks import PointShape, Shape
from gantlet.training.game import Game
from gantlet.training.loader import Loader
from gantlet.training.parts import Parts
from gantlet.training.record import Record
from gantlet.training.state import TrainState


def with_latent(config: TrainConfig, shape: Shape) -> TrainConfig:
    """Return the configuration with the data's own number of values for ``latent`` 0."""
    values = shape.dim if isinstance(shape, PointShape) else shape.channels * shape.size**2
    return config if config.latent else dataclasses.replace(config, latent=values)


def reserve(parts: Parts, state: TrainState, loader: Loader) -> None:
    """Give the state the memory of every part that pairs, so that a checkpoint can be read into it."""
    for name, part in parts.implementing(PairsLatents).items():
        memory = {key: tensor.to(loader.device) for key, tensor in part.reserved(loader.n).items()}
        if memory:
            state.memory[name] = {**state.memory.get(name, {}), **memory}


def begin(game: Game, state: TrainState, loader: Loader, record: Record) -> None:
    """Call the parts that act before the first step of a new run, and set how the loader pairs latents with images.

    All processes call it: they share the work of a solve.
    """
    starts, pairs = game.parts.implementing(Begins), game.parts.implementing(PairsLatents)
    if not (starts or pairs):
        return
    data = torch.cat(list(loader.everything()))
    if state.step == 0:
        for name, part in starts.items():
            record.began(name, part.begin(state.generator, data, loader.config.seed))
        if starts and state.average is not None:
            state.average.load_state_dict(state.generator.state_dict())
    for name, pairer in pairs.items():
        memory = state.memory.get(name, {})
        if state.step == 0 and memory:
            record.began(name, pairer.fit(memory, data, loader.classes))
        loader.pair = pairer.pairing(memory, data, loader.classes)
