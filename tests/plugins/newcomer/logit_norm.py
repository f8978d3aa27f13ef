"""A penalty of another package."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gantlet.core.interfaces.penalties import Critic, Penalty
from gantlet.training.penalties import PENALTIES


@PENALTIES.register("logit-norm", source="an example")
@dataclass(frozen=True)
class LogitNorm(Penalty):
    """The squared logits of real and fake images, λ·E[D(x)²]. Option: ``weight`` λ."""

    weight: float = 0.001

    def __call__(
        self, critic: Critic, real: Tensor, fake: Tensor, labels: Tensor | None, stream: torch.Generator
    ) -> Tensor:
        """Return the term."""
        return self.weight * (critic(real, labels).square().mean() + critic(fake, labels).square().mean())
