"""Penalties: a term of the discriminator's loss that differentiates the critic."""

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from gantlet.core.interfaces.capabilities import Part


@runtime_checkable
class Critic(Protocol):
    """A discriminator's logits as a function of images and labels, in full precision."""

    def __call__(self, images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None, /) -> Float[Tensor, " b"]:
        """Return one logit per image."""


@runtime_checkable
class Penalty(Part, Protocol):
    """A non-negative term of the discriminator's loss."""

    def __call__(
        self,
        critic: Critic,
        real: Float[Tensor, "b *shape"],
        fake: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None,
        stream: torch.Generator,
    ) -> Float[Tensor, ""]:
        """Return the penalty of one batch; real and fake images of one row share their label."""


@runtime_checkable
class LazyPenalty(Penalty, Protocol):
    """A penalty that is taken on every n-th discriminator step only, with n times the weight."""

    @property
    def every(self) -> int:
        """Return n ≥ 1."""
