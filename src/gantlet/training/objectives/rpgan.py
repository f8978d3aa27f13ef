"""The relativistic pairing GAN: the discriminator says how much more real a real image is than a fake one."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register(
    "rpgan",
    source="Jolicoeur-Martineau 2018, arXiv:1807.00734 (there RSGAN); Huang et al. 2024, arXiv:2501.05441, Eq. 2",
)
@dataclass(frozen=True)
class RelativisticPairing(Objective):
    """The relativistic pairing GAN: each real image is compared with one fake image.

    With logits r = D(x), f = D(G(z)) of a pair and softplus(t) = log(1 + eᵗ):
    discriminator: softplus(−(r − f)); generator: softplus(−(f − r)).

    When to use it: with both the penalties r1 and r2 (then the game converges locally, and mode dropping has no bad
    local minimum); without them it diverges.

    Optimum: where real and fake agree, r = f and either loss is log 2.
    Convention: the logistic f(t) = −log(1 + e^(−t)) of both papers; both players minimise. The logits are defined
    only up to a common constant, so their sign means nothing by itself.
    Source: Jolicoeur-Martineau 2018, arXiv:1807.00734 (there RSGAN); Huang et al. 2024, arXiv:2501.05441, Eq. 2.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(relativistic=True)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return softplus(f − r), ≥ 0, in nats."""
        return softplus(fake_logits - real_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return softplus(r − f), ≥ 0, in nats."""
        return softplus(real_logits - fake_logits)
