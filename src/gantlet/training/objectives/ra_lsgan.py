"""The relativistic average least-squares GAN: logits are regressed on ±1 beyond the other side's mean."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("ra-lsgan", source="Jolicoeur-Martineau 2019, arXiv:1807.00734, Eq. 12 and 13, with squares")
@dataclass(frozen=True)
class RelativisticAverageLeastSquares(Objective):
    """Least-squares game on how much a logit exceeds the other side's mean: real ones by 1, fake ones by −1.

    With logits r = D(x), f = D(G(z)) and their means r̄, f̄ over the batch:
    discriminator: (r − f̄ − 1)² + (f − r̄ + 1)²; generator: (f − r̄ − 1)² + (r − f̄ + 1)².

    When to use it: a plain game whose generator also lowers the logits of real images relative to its own.

    Optimum: where real and fake agree, r = f = r̄ = f̄ and either loss is 2.
    Convention: the paper's squares without the ½ of `lsgan`; gradients flow through the means; both players minimise.
    Source: Jolicoeur-Martineau 2019, arXiv:1807.00734, Eq. 12 and 13, with squares (there RaLSGAN).
    """

    capabilities: ClassVar[Capabilities] = Capabilities(relativistic=True, whole_batch=True)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return (r − f̄ − 1)² + (f − r̄ + 1)², ≥ 0."""
        return (real_logits - fake_logits.mean() - 1).square() + (fake_logits - real_logits.mean() + 1).square()

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return (f − r̄ − 1)² + (r − f̄ + 1)², ≥ 0."""
        return self.discriminator_loss(fake_logits, real_logits)
