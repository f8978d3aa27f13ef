"""What a penalty promises."""

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor


@runtime_checkable
class Critic(Protocol):
    """A discriminator's logits as a function of images and labels, in full precision."""

    def __call__(self, images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None, /) -> Float[Tensor, " b"]:
        """Return one logit an image."""


@runtime_checkable
class Penalty(Protocol):
    """A non-negative term that joins the discriminator's loss.

    With an attribute ``every`` n > 1 it joins on every n-th discriminator step only, n times as heavy.
    """

    def __call__(
        self,
        critic: Critic,
        real: Float[Tensor, "b *shape"],
        fake: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None,
        stream: torch.Generator,
    ) -> Float[Tensor, ""]:
        """Return the penalty of one batch; real and fake images of one row share their label."""
