"""The one place where a run's generator is built, so that training and loading build the same."""

from torch import nn

from gantlet.config import TrainConfig
from gantlet.networks import ALTERATIONS, NETWORKS
from gantlet.networks.interface import Shape
from gantlet.registry import parse_spec


def build_generator(config: TrainConfig, shape: Shape, n_classes: int) -> nn.Module:
    """Return a freshly initialised generator with the changes that its techniques make; raises ConfigError.

    ``n_classes`` is 0 for an unconditional run.
    """

    def make() -> nn.Module:
        built: nn.Module = NETWORKS.build(config.network).generator(
            shape, config.latent, config.conditioning, n_classes
        )
        return built

    generator = make()
    for spec in (config.objective, *config.techniques):
        if parse_spec(spec)[0] in ALTERATIONS:
            generator = ALTERATIONS.build(spec).alter(generator, config.latent, n_classes, make)
    return generator
