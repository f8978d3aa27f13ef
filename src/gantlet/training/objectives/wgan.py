"""The Wasserstein GAN: the critic's mean difference between real and fake estimates a distance."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("wgan", source="Arjovsky et al. 2017, arXiv:1701.07875, Eq. 2 and Algorithm 1")
@dataclass(frozen=True)
class Wasserstein(Objective):
    """The Wasserstein game: a 1-Lipschitz critic's mean at real images minus its mean at fake ones.

    With the critic's values r = D(x), f = D(G(z)): discriminator: f − r; generator: −f.

    When to use it: with a penalty that keeps the critic Lipschitz (weight-clipping, gradient-penalty, spectral-norm)
    and several critic steps; without one the critic's values run away. Minus the critic's loss is then a distance that
    falls as the samples get better.

    Optimum: over 1-Lipschitz critics the negative of the discriminator's mean loss is W₁(p, q).
    Convention: both players minimise.
    Source: Arjovsky et al. 2017, arXiv:1701.07875, Eq. 2 and Algorithm 1.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(zero_sum=True)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return f − r."""
        return fake_logits - real_logits

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return −f."""
        return -fake_logits
