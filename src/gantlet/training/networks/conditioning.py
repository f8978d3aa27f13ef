"""Conditionings: the layers by which labels enter generator and discriminator."""

from dataclasses import dataclass

from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.conditioning import ConditionalNorm, Conditioning
from gantlet.core.interfaces.modules import Head
from gantlet.training.networks import CONDITIONING
from gantlet.training.networks.labels import ImageWithLabelMap, LatentWithLabel, LinearHead, PassThrough, ProjectionHead


def generator_norm(spec: str, channels: int, n_classes: int) -> nn.Module:
    """Return the batch normalisation of one of a generator's layers, conditional where the conditioning has one."""
    rule = conditioning_named(spec, n_classes)
    return rule.norm(channels, n_classes) if isinstance(rule, ConditionalNorm) else nn.BatchNorm2d(channels)


def require_plain_norm(spec: str, n_classes: int, network: str) -> None:
    """Raise ConfigError when the label should enter a normalisation that a network's generator does not have."""
    if isinstance(conditioning_named(spec, n_classes), ConditionalNorm):
        raise ConfigError(
            f"conditioning {spec!r} needs batch normalisation in the generator, and that of {network} has none; use "
            "dcgan, infogan or resnet, or another conditioning"
        )


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


@dataclass(frozen=True)
class Unconditional(Conditioning):
    """Labels enter nowhere: the configuration's ``none``."""

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return z as it is."""
        return PassThrough(), latent

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return images as they are."""
        return PassThrough(), 0

    def head(self, dim: int, n_classes: int) -> Head:
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
class Concat(Conditioning):
    """The label's embedding beside z in the generator, and as one more image channel in the discriminator.

    G([z; e_y]), D([x; m_y]) with e_y ∈ Rᵈ (option ``dim``) and the map m_y ∈ R^(s×s) both learned, drawn from N(0, I).

    When to use it: the classic conditional GAN; any objective.

    Raises: ConfigError when ``dim`` < 1.
    Source: Mirza & Osindero 2014, arXiv:1411.1784, Eq. 2; label maps as in Reed et al. 2016, arXiv:1605.05396, §4.1.
    """

    dim: int = 32

    def __post_init__(self) -> None:
        require_dim("concat", self.dim)

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return [z; e_y]."""
        return LatentWithLabel(n_classes, self.dim), latent + self.dim

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return [x; m_y]."""
        return ImageWithLabelMap(n_classes, size), 1

    def head(self, dim: int, n_classes: int) -> Head:
        """Return one linear layer."""
        return LinearHead(dim)


@CONDITIONING.register("projection", source="Miyato & Koyama 2018, arXiv:1802.05637, Eq. 3")
@dataclass(frozen=True)
class Projection(Conditioning):
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
        require_dim("projection", self.dim)

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return [z; e_y]."""
        return LatentWithLabel(n_classes, self.dim), latent + self.dim

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return images as they are."""
        return PassThrough(), 0

    def head(self, dim: int, n_classes: int) -> Head:
        """Return the projection."""
        return ProjectionHead(dim, n_classes)


def require_dim(name: str, dim: int) -> None:
    """Raise ConfigError unless an embedding has at least one dimension."""
    if dim < 1:
        raise ConfigError(f"conditioning {name!r}: expected dim ≥ 1; got {dim}")
