"""Several generators behind one: MAD-GAN's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.networks import ALTERATIONS


class Many(nn.Module):
    """Row i of a batch is made by generator i mod K."""

    no_graph: ClassVar[str] = "makes each row by another network"

    def __init__(self, generators: list[nn.Module]) -> None:
        super().__init__()
        self.each = nn.ModuleList(generators)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b *shape"]:
        """Return the rows in their order."""
        k = len(self.each)
        made = [generator(z[i::k], None) for i, generator in enumerate(self.each) if i < len(z)]
        order = torch.cat([torch.arange(i, len(z), k) for i in range(min(k, len(z)))])
        return torch.cat(made)[order.argsort().to(z.device)]


@ALTERATIONS.register("madgan", source="Ghosh et al. 2018, arXiv:1704.02906, §4")
@dataclass(frozen=True)
class ManyGenerators:
    """K generators of one network, each with its own weights, in the place of one."""

    generators: int = 4

    def alter(self, generator: nn.Module, latent: int, n_classes: int, make: Callable[[], nn.Module]) -> nn.Module:
        """Return the generator and K − 1 more that ``make`` builds."""
        return Many([generator, *(make() for _ in range(self.generators - 1))])
