"""The non-saturating GAN: the original game with the generator's loss that keeps its gradient."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("nonsaturating", source="Goodfellow et al. 2014, arXiv:1406.2661, Eq. 1 and the end of §3")
@dataclass(frozen=True)
class NonSaturating(Objective):
    """The original GAN's discriminator against a generator that maximises log D(G(z)).

    With logits r = D(x), f = D(G(z)), σ the logistic function and softplus(t) = log(1 + eᵗ):
    discriminator: −log σ(r) − log(1 − σ(f)) = softplus(−r) + softplus(f);
    generator: −log σ(f) = softplus(−f).

    When to use it: the plain baseline; it can collapse on few modes, and its discriminator's loss says nothing about
    quality.

    Optimum: where real and fake agree, r = f = 0 and the discriminator's loss is log 4.
    Convention: both players minimise; the saturating generator loss log(1 − σ(f)) is the other choice (Eq. 1 itself).
    Source: Goodfellow et al. 2014, arXiv:1406.2661, Eq. 1 and the end of §3.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(cross_entropy=True)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return softplus(−r) + softplus(f), ≥ 0, in nats."""
        return softplus(-real_logits) + softplus(fake_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return softplus(−f), ≥ 0, in nats."""
        return softplus(-fake_logits)
