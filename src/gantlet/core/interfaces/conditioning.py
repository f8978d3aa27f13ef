"""Conditionings: the places where labels enter generator and discriminator."""

from typing import Protocol, runtime_checkable

from torch import nn

from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.modules import Head


@runtime_checkable
class Conditioning(Part, Protocol):
    """The three places where a label may enter; a network calls each once."""

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return a module (z [b, k], labels) → [b, width], and that width."""

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return a module (images [b, c, s, s], labels) → [b, c + extra, s, s], and that extra."""

    def head(self, dim: int, n_classes: int) -> Head:
        """Return a module (features [b, dim], labels) → DiscriminatorOutput."""


@runtime_checkable
class ConditionalNorm(Conditioning, Protocol):
    """A conditioning whose label enters the generator's normalisation."""

    def norm(self, channels: int, n_classes: int) -> nn.Module:
        """Return a module (x [b, channels, h, w], labels) → the same shape."""
