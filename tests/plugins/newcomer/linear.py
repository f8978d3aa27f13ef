"""A network of another package."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.networks import Network, PointShape, Shape
from gantlet.training.networks import NETWORKS


class Generator(nn.Module):
    def __init__(self, latent: int, dim: int) -> None:
        super().__init__()
        self.layer = nn.Linear(latent, dim)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.layer(z)


class Discriminator(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layer = nn.Linear(dim, 1)

    def forward(self, points: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        return DiscriminatorOutput(self.layer(points).squeeze(1), points)


@NETWORKS.register("linear", source="an example")
@dataclass(frozen=True)
class Linear(Network[Shape]):
    """One linear layer each, for points."""

    capabilities: ClassVar[Capabilities] = Capabilities(makes_points=True)

    def generator(self, shape: Shape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return z → W z + b."""
        assert isinstance(shape, PointShape)
        return Generator(latent, shape.dim)

    def discriminator(self, shape: Shape, conditioning: str, n_classes: int) -> nn.Module:
        """Return x → w·x + b."""
        assert isinstance(shape, PointShape)
        return Discriminator(shape.dim)
