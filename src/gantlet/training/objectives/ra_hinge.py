"""The relativistic average hinge GAN: each logit is compared with the mean of the other side's."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu

from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("ra-hinge", source="Jolicoeur-Martineau 2019, arXiv:1807.00734, Eq. 12 and 13, with the hinge")
@dataclass(frozen=True)
class RelativisticAverageHinge(Objective):
    """The hinge game on how much a logit exceeds the other side's mean.

    With logits r = D(x), f = D(G(z)) and their means r̄, f̄ over the batch:
    discriminator: max(0, 1 − (r − f̄)) + max(0, 1 + (f − r̄)); generator: max(0, 1 + (r − f̄)) + max(0, 1 − (f − r̄)).

    When to use it: as `hinge`, with spectral-norm or a gradient penalty; real images then enter the generator's loss too.

    Optimum: where real and fake agree, r = f = r̄ = f̄ and either loss is 2.
    Convention: gradients flow through the means; both players minimise; no gradient reaches the real images of the
    generator's step.
    Source: Jolicoeur-Martineau 2019, arXiv:1807.00734, Eq. 12 and 13, with the hinge (there RaHingeGAN).
    """

    capabilities: ClassVar[Capabilities] = Capabilities(relativistic=True, whole_batch=True)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return max(0, 1 − (r − f̄)) + max(0, 1 + (f − r̄)), ≥ 0."""
        return relu(1 - (real_logits - fake_logits.mean())) + relu(1 + (fake_logits - real_logits.mean()))

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return max(0, 1 + (r − f̄)) + max(0, 1 − (f − r̄)), ≥ 0."""
        return self.discriminator_loss(fake_logits, real_logits)
