"""Objectives: both players' losses, and what an objective may do beyond them."""

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.modules import Batch, module_capabilities


@runtime_checkable
class Objective(Part, Protocol):
    """Both players' losses, one value per sample; both players minimise the mean.

    Its capabilities: ``relativistic``, ``cross_entropy``, ``reads_energy``, ``reads_code``, ``reads_velocity``.
    """

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return the discriminator's loss of each pair."""

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return the generator's loss of each pair."""


@runtime_checkable
class BatchObjective(Protocol):
    """The discriminator's side of an objective for one pair of batches."""

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return the discriminator's loss of each pair."""

    def regulariser(self, gradient: Float[Tensor, "b *shape"], fake: Float[Tensor, "b *shape"]) -> Float[Tensor, ""]:
        """Return the term of the critic's gradient at the fakes."""


@runtime_checkable
class MatchesBatch(Objective, Protocol):
    """An objective whose discriminator's loss depends on the images of the batch, not on logits alone.

    Its capability ``needs_own_gradient`` is true.
    """

    def matched(self, real: Float[Tensor, "b *shape"], fake: Float[Tensor, "b *shape"]) -> BatchObjective:
        """Return the objective of this pair of batches; no gradient flows through it."""


@runtime_checkable
class Autoencodes(Objective, Protocol):
    """An objective without adversaries: both players minimise one loss, each by its own weights, and step together."""

    def common_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, stream: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the terms of the loss by name."""


def refuse_without_energy(discriminator: nn.Module) -> str | None:
    """Return why an objective on energies needs an auto-encoder, None when the discriminator is one."""
    if module_capabilities(discriminator).gives_energy:
        return None
    return "its discriminator must be an auto-encoder, whose error is the energy; use --network autoencoder"
