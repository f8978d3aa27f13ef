"""How labels enter generator and discriminator."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.errors import ConfigError
from gantlet.networks import CONDITIONING
from gantlet.networks.interface import Judgement


@runtime_checkable
class Conditioning(Protocol):
    """The three places where a label may enter; a network asks for each once."""

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return a module (z [b, k], labels) → [b, width], and that width."""

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return a module (images [b, c, s, s], labels) → [b, c + extra, s, s], and that extra."""

    def head(self, dim: int, n_classes: int) -> nn.Module:
        """Return a module (features [b, dim], labels) → Judgement."""


def conditioning_named(spec: str, n_classes: int) -> Conditioning:
    """Return the conditioning that a configuration names; raises ConfigError when it needs classes and there are
    none.
    """
    if spec == "none":
        return Unconditional()
    if n_classes < 2:
        raise ConfigError(
            f"conditioning {spec!r} needs labels of at least 2 classes; the data have {n_classes}. Use "
            f"--conditioning none or labelled data"
        )
    built: Conditioning = CONDITIONING.build(spec)
    return built


class PassThrough(nn.Module):
    """Hands z or images on; labels are not looked at."""

    def forward(
        self,
        inputs: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None,
    ) -> Float[Tensor, "b *shape"]:
        """Return the inputs."""
        return inputs


class LatentWithLabel(nn.Module):
    """[z; e_y]: a learned embedding beside the latent."""

    def __init__(self, n_classes: int, dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_classes, dim)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"]) -> Float[Tensor, "b width"]:
        """Return z and the label's embedding side by side."""
        return torch.cat([z, self.embedding(labels)], dim=1)


class ImageWithLabelMap(nn.Module):
    """[x; map_y]: one more channel that holds the label's learned map."""

    def __init__(self, n_classes: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.embedding = nn.Embedding(n_classes, size * size)

    def forward(self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"]) -> Float[Tensor, "b c+1 s s"]:
        """Return the images with the label's map as their last channel."""
        return torch.cat([images, self.embedding(labels).view(-1, 1, self.size, self.size)], dim=1)


class LinearHead(nn.Module):
    """ψ(φ): one linear layer; labels are not looked at."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, 1)

    def forward(self, features: Float[Tensor, "b d"], labels: Int64[Tensor, " b"] | None) -> Judgement:
        """Return ψ(φ) with the features."""
        return Judgement(self.linear(features).squeeze(1), features)


class ProjectionHead(nn.Module):
    """ψ(φ) + ⟨e_y, φ⟩."""

    def __init__(self, dim: int, n_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, 1)
        self.embedding = nn.Embedding(n_classes, dim)
        nn.init.normal_(self.embedding.weight, std=dim**-0.5)

    def forward(self, features: Float[Tensor, "b d"], labels: Int64[Tensor, " b"]) -> Judgement:
        """Return ψ(φ) + ⟨e_y, φ⟩ with the features."""
        return Judgement(self.linear(features).squeeze(1) + (self.embedding(labels) * features).sum(1), features)


@dataclass(frozen=True)
class Unconditional:
    """Labels enter nowhere: the configuration's ``none``."""

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return z as it is."""
        return PassThrough(), latent

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return images as they are."""
        return PassThrough(), 0

    def head(self, dim: int, n_classes: int) -> nn.Module:
        """Return one linear layer."""
        return LinearHead(dim)


@CONDITIONING.register(
    "concat",
    source=(
        "Mirza & Osindero 2014, arXiv:1411.1784, Eq. 2; the label as a map of the image as in Reed et al. 2016, "
        "arXiv:1605.05396, §4.1"
    ),
)
@dataclass(frozen=True)
class Concat:
    """The label's embedding beside z in the generator, and as one more image channel in the discriminator.

    G([z; e_y]), D([x; m_y]) with e_y ∈ Rᵈ (option ``dim``) and the map m_y ∈ R^(s×s) both learned, drawn from N(0, I).

    When to use it: the classic conditional GAN; any objective.

    Raises: ConfigError when ``dim`` < 1.
    Source: Mirza & Osindero 2014, arXiv:1411.1784, Eq. 2; label maps as in Reed et al. 2016, arXiv:1605.05396, §4.1.
    """

    dim: int = 32

    def __post_init__(self) -> None:
        _require_dim("concat", self.dim)

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return [z; e_y]."""
        return LatentWithLabel(n_classes, self.dim), latent + self.dim

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return [x; m_y]."""
        return ImageWithLabelMap(n_classes, size), 1

    def head(self, dim: int, n_classes: int) -> nn.Module:
        """Return one linear layer."""
        return LinearHead(dim)


@CONDITIONING.register("projection", source="Miyato & Koyama 2018, arXiv:1802.05637, Eq. 3")
@dataclass(frozen=True)
class Projection:
    """The label's embedding beside z in the generator; its inner product with the features in the discriminator.

    G([z; e_y]), D(x, y) = ψ(φ(x)) + ⟨e'_y, φ(x)⟩; e_y ∈ Rᵈ (option ``dim``), e'_y as wide as the features; both
    learned.

    When to use it: many classes, or when the discriminator should share what it learns among them.

    Raises: ConfigError when ``dim`` < 1.
    Convention: the generator takes the embedding by concatenation, not by conditional batch normalisation as in the
    paper.
    Source: Miyato & Koyama 2018, arXiv:1802.05637, Eq. 3.
    """

    dim: int = 32

    def __post_init__(self) -> None:
        _require_dim("projection", self.dim)

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return [z; e_y]."""
        return LatentWithLabel(n_classes, self.dim), latent + self.dim

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return images as they are."""
        return PassThrough(), 0

    def head(self, dim: int, n_classes: int) -> nn.Module:
        """Return the projection."""
        return ProjectionHead(dim, n_classes)


def _require_dim(name: str, dim: int) -> None:
    if dim < 1:
        raise ConfigError(f"conditioning {name!r}: expected dim ≥ 1; got {dim}")
