"""DRAGAN: the discriminator's gradient norm is drawn towards 1 around real images."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.penalties import Critic, LazyPenalty
from gantlet.training.penalties import PENALTIES
from gantlet.training.penalties.gradients import gradient_norm, random_uniform, require_every, require_weight

ON_IMAGES, ON_POINTS = 10.0, 0.1
"""λ where it is not given."""


@PENALTIES.register("dragan", source="Kodali et al. 2017, arXiv:1705.07215, Eq. 2 and Algorithm 1")
@dataclass(frozen=True)
class Dragan(LazyPenalty):
    """Penalty on the discriminator's gradient norm at points perturbed around real images.

    λ · E[(‖∇D(x̃)‖₂ − 1)²], x̃ = x + α·½·std(batch)·u, u ~ U[0, 1) for each pixel, α ~ U[0, 1) for each image.

    When to use it: with `nonsaturating` or `minimax`, to smooth the discriminator where the data are; the fake images
    have no effect.

    Option ``weight`` λ; where it is not given 10 for images, as in the paper, and 0.1 for points: with 10 no sample reaches
    any of the ring's 8 modes in 2,000 steps, with 0.1 samples reach 5 to 8 (Gulrajani et al. 2017 take 0.1 for points too).

    Raises: ConfigError when λ < 0.
    Convention: the gradient of the logit, not of its sigmoid; std is one number over all pixels of the batch (divided by
    n); the noise of the authors' code, uniform and one-sided (the paper's Eq. 2 writes Gaussian noise);
    `every` n: on every n-th step with n times the weight.
    Source: Kodali et al. 2017, arXiv:1705.07215, Eq. 2 and Algorithm 1.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True)
    weight: float | None = None
    every: int = 1

    def __post_init__(self) -> None:
        require_weight("dragan", "weight", self.weight or 0.0)
        require_every("dragan", self.every)

    def __call__(
        self,
        critic: Critic,
        real: Float[Tensor, "b *shape"],
        fake: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None,
        stream: torch.Generator,
    ) -> Float[Tensor, ""]:
        """Return λ · mean (‖∇D(x̃)‖ − 1)², ≥ 0."""
        weight = (ON_IMAGES if real.dim() > 2 else ON_POINTS) if self.weight is None else self.weight
        around = perturb(real, stream)
        return weight * (gradient_norm(critic, around, labels) - 1).square().mean()


def perturb(real: Float[Tensor, "b *shape"], stream: torch.Generator) -> Float[Tensor, "b *shape"]:
    """Return x + α·½·std(batch)·u."""
    noise = random_uniform(real, real.shape, stream)
    alpha = random_uniform(real, (len(real), *[1] * (real.dim() - 1)), stream)
    return real.detach() + alpha * real.detach().std(correction=0) / 2 * noise
