"""The hinge GAN: the discriminator cares only about logits inside the margin."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu

from gantlet.core.interfaces.objectives import Objective
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register(
    "hinge", source="Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, Eq. 16 and 17"
)
@dataclass(frozen=True)
class Hinge(Objective):
    """The hinge game: real logits are pushed above 1 and fake ones below −1, and no further.

    With logits r = D(x), f = D(G(z)): discriminator: max(0, 1 − r) + max(0, 1 + f); generator: −f.

    When to use it: with spectral-norm (SNGAN, SAGAN, BigGAN).

    Optimum: for fixed densities p, q the best logit is sign(p − q), the discriminator's loss 2·(1 − TV(p, q)).
    Convention: both players minimise; the generator's loss has no margin.
    Source: Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, Eq. 16 and 17.
    """

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return max(0, 1 − r) + max(0, 1 + f), ≥ 0."""
        return relu(1 - real_logits) + relu(1 + fake_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return −f."""
        return -fake_logits
