"""Built networks: batch in, discriminator's output out; modules with capabilities, and discriminators with a head."""

from abc import abstractmethod
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import ModuleCapabilities


class Batch(NamedTuple):
    """Real images in [−1, 1], or points, with their labels, and latents for as many fakes.

    Fake i shares the label (and the input image) of real i.
    """

    real: Float[Tensor, "b *shape"]
    labels: Int64[Tensor, " b"] | None
    z: Float[Tensor, "b k"]
    inputs: Float[Tensor, "b i s s"] | None = None


class DiscriminatorOutput(NamedTuple):
    """A discriminator's output for a batch."""

    logits: Float[Tensor, " b"]
    """One per image, or several per image, image by image [b·p]."""
    features: Float[Tensor, "b d"]
    """The input of its last layer."""
    class_logits: Float[Tensor, "b k"] | None = None
    latent_error: Float[Tensor, "b latent"] | None = None
    """Where it also encodes: its encoding minus the latents of the batch."""


class NetworkModule(nn.Module):
    """A generator or discriminator with capabilities; other modules have the defaults."""

    capabilities: ModuleCapabilities = ModuleCapabilities()


class StyledModule(NetworkModule):
    """A generator with an intermediate latent: z goes to a style w, and the image is made from w alone."""

    @abstractmethod
    def style(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b m"]:
        """Return w of z."""

    @abstractmethod
    def image(self, w: Float[Tensor, "b m"]) -> Float[Tensor, "b c s s"]:
        """Return the images of styles."""


def module_capabilities(module: object) -> ModuleCapabilities:
    """Return the capabilities of a built network."""
    return module.capabilities if isinstance(module, NetworkModule) else ModuleCapabilities()


class NoDiscriminator(NetworkModule):
    """The discriminator of a game without one: its logits are 0 whatever it sees; one weight, which nothing changes."""

    def __init__(self) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(()))

    def forward(
        self, images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits 0, and the images in rows as features."""
        return DiscriminatorOutput(0 * self.nothing.expand(len(images)), images.flatten(1))


class Head(nn.Module):
    """The end of a discriminator: (features [b, d], labels [b] or None) → DiscriminatorOutput."""

    linear: nn.Linear
    """Features [b, d] to logits [b, 1]."""


class HeadedDiscriminator(NetworkModule):
    """A discriminator that ends in a head on its features."""

    head: nn.Module
    """A `Head` when it is built; techniques may put another module around it."""


def head_of(discriminator: nn.Module) -> Head | None:
    """Return the head of a discriminator, None where it has no head with a linear layer on its features."""
    if isinstance(discriminator, HeadedDiscriminator) and isinstance(discriminator.head, Head):
        return discriminator.head
    return None


def feature_dim(discriminator: nn.Module) -> int:
    """Return the width of a discriminator's features; raises ConfigError when it has no linear head on them."""
    head = head_of(discriminator)
    if head is None:
        raise ConfigError(
            "this objective puts layers of its own on the discriminator's features, and this discriminator has no "
            "linear head; use mlp, dcgan, infogan, resnet or r3gan"
        )
    return head.linear.in_features
