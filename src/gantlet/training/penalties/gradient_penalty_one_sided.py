"""The one-sided gradient penalty: only slopes steeper than 1 cost anything."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import relu

from gantlet.core.interfaces.penalties import Critic, LazyPenalty
from gantlet.training.penalties import PENALTIES
from gantlet.training.penalties.gradients import gradient_norm, interpolate, require_every, require_weight


@PENALTIES.register(
    "gradient-penalty-one-sided",
    source="Gulrajani et al. 2017, arXiv:1704.00028, §4; Petzka et al. 2018, arXiv:1709.08894, Eq. 8",
)
@dataclass(frozen=True)
class OneSidedGradientPenalty(LazyPenalty):
    """One-sided penalty on the critic's gradient norm at random points between real and fake images.

    λ · E[max(0, ‖∇D(x̂)‖₂ − 1)²], x̂ = α·x + (1 − α)·G(z), α ~ U[0, 1) drawn for each sample.

    When to use it: with the Wasserstein objective where slopes below 1 are right, as theory asks only for ‖∇D‖ ≤ 1; it
    is less sensitive to λ than the two-sided one.

    Raises: ConfigError when λ < 0.
    Convention: points between real and fake as in WGAN-GP; the norm is over all pixels of one image; λ is `weight`;
    `every` n: on every n-th step with n times the weight.
    Source: Gulrajani et al. 2017, arXiv:1704.00028, §4 (one-sided); Petzka et al. 2018, arXiv:1709.08894, Eq. 8.
    """

    weight: float = 10.0
    every: int = 1

    def __post_init__(self) -> None:
        require_weight("gradient-penalty-one-sided", "weight", self.weight)
        require_every("gradient-penalty-one-sided", self.every)

    def __call__(
        self,
        critic: Critic,
        real: Float[Tensor, "b *shape"],
        fake: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None,
        stream: torch.Generator,
    ) -> Float[Tensor, ""]:
        """Return λ · mean max(0, ‖∇D(x̂)‖ − 1)², ≥ 0."""
        norm = gradient_norm(critic, interpolate(real, fake, stream), labels)
        return self.weight * relu(norm - 1).square().mean()
