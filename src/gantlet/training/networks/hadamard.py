"""Labels by the elementwise product of latent and embedding."""

from dataclasses import dataclass

from torch import nn

from gantlet.core.interfaces.conditioning import Conditioning
from gantlet.core.interfaces.modules import Head
from gantlet.training.networks import CONDITIONING
from gantlet.training.networks.labels import ImageWithLabelMap, LatentTimesLabel, LinearHead


@CONDITIONING.register(
    "hadamard",
    source="Mirza & Osindero 2014, arXiv:1411.1784 (the conditional game); Perez et al. 2018, arXiv:1709.07871",
)
@dataclass(frozen=True)
class Hadamard(Conditioning):
    """The label's embedding times z, element by element, in the generator; one more image channel in the discriminator.

    G(z ⊙ e_y), D([x; m_y]) with e_y as wide as z and the map m_y both learned, drawn from N(0, I).

    When to use it: as `concat` with a latent of unchanged width; widely used in teaching code.

    Convention: e_y starts at N(0, I), so classes differ in size and sign of each coordinate from the first step.
    Source: Mirza & Osindero 2014, arXiv:1411.1784 (the game; the product is common practice: feature-wise scaling as in
    Perez et al. 2018, arXiv:1709.07871).
    """

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return z ⊙ e_y."""
        return LatentTimesLabel(n_classes, latent), latent

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return [x; m_y]."""
        return ImageWithLabelMap(n_classes, size), 1

    def head(self, dim: int, n_classes: int) -> Head:
        """Return one linear layer."""
        return LinearHead(dim)
