"""The gradient penalty of WGAN-GP: the critic's gradient norm is drawn towards 1 between real and fake images."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from gantlet.core.interfaces.penalties import Critic, LazyPenalty
from gantlet.training.penalties import PENALTIES
from gantlet.training.penalties.gradients import gradient_norm, interpolate, require_every, require_weight


@PENALTIES.register("gradient-penalty", source="Gulrajani et al. 2017, arXiv:1704.00028, Eq. 3")
@dataclass(frozen=True)
class GradientPenalty(LazyPenalty):
    """Two-sided penalty on the critic's gradient norm at random points between real and fake images.

    λ · E[(‖∇D(x̂)‖₂ − 1)²], x̂ = α·x + (1 − α)·G(z), α ~ U[0, 1) drawn for each sample.

    When to use it: with the Wasserstein objective, or to keep any critic's slope near 1 on the way from fake to real.
    It holds at those points only: nowhere does it guarantee a 1-Lipschitz critic.

    Raises: ConfigError when λ < 0.
    Convention: two-sided as in the paper; the norm is over all pixels of one image; λ is `weight`;
    `every` n: on every n-th step with n times the weight.
    Source: Gulrajani et al. 2017, arXiv:1704.00028, Eq. 3.
    """

    weight: float = 10.0
    every: int = 1

    def __post_init__(self) -> None:
        require_weight("gradient-penalty", "weight", self.weight)
        require_every("gradient-penalty", self.every)

    def __call__(
        self,
        critic: Critic,
        real: Float[Tensor, "b *shape"],
        fake: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None,
        stream: torch.Generator,
    ) -> Float[Tensor, ""]:
        """Return λ · mean (‖∇D(x̂)‖ − 1)², ≥ 0."""
        norm = gradient_norm(critic, interpolate(real, fake, stream), labels)
        return self.weight * (norm - 1).square().mean()
