"""The one place where a run's generator is built, so that training and loading build the same."""

from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.interfaces.capabilities import implements
from gantlet.core.interfaces.hooks import AltersGenerator
from gantlet.core.interfaces.networks import Shape
from gantlet.training.networks import NETWORKS
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.techniques import TECHNIQUES


def build_generator(config: TrainConfig, shape: Shape, n_classes: int) -> nn.Module:
    """Return a freshly initialised generator with the changes that its objective and techniques make; raises ConfigError.

    ``n_classes`` is 0 for an unconditional run.
    """

    def make() -> nn.Module:
        built: nn.Module = NETWORKS.build(config.network).generator(
            shape, config.latent, config.conditioning, n_classes
        )
        return built

    generator = make()
    for part in (OBJECTIVES.build(config.objective), *(TECHNIQUES.build(spec) for spec in config.techniques)):
        if implements(part, AltersGenerator):
            generator = part.alter(generator, config.latent, n_classes, make)
    return generator
