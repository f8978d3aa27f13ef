"""PacGAN: the discriminator scores several images at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.hooks import Packs, Refuses
from gantlet.core.words import counted
from gantlet.training.techniques import TECHNIQUES


@TECHNIQUES.register("pacgan", source="Lin et al. 2018, arXiv:1712.04086, §2")
@dataclass(frozen=True)
class PacGan(Packs, Refuses):
    """The discriminator scores packs of images that are all real or all fake, stacked on each other's channels.

    D(x₁, …, x_m) instead of D(x). Option: ``pack`` m.

    When to use it: against mode collapse: a pack without variety gives itself away. Almost free: only D's first layer
    grows.

    Raises: ConfigError when m < 2, m does not divide the batch, or the run is conditional (a pack has no one label).
    Convention: a batch of b images makes b/m packs; rows of a batch are independent draws, so the packs are too; a
    gradient penalty takes the gradient by the whole pack.
    Source: Lin et al. 2018, arXiv:1712.04086, §2.
    """

    pack: int = 2

    def __post_init__(self) -> None:
        if self.pack < 2:
            raise ConfigError(f"technique 'pacgan': expected pack ≥ 2 images; got {self.pack}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with a batch that cannot be packed, or with labels."""
        if config.batch % self.pack:
            return f"a batch of {counted(config.batch, 'image')} cannot be cut into packs of {self.pack}; use a multiple of it"
        if config.conditioning != "none":
            return "the images of a pack have different labels; use --conditioning none"
        return None
