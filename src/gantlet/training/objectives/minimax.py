"""The original minimax GAN: the generator minimises exactly what the discriminator maximises."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("minimax", source="Goodfellow et al. 2014, arXiv:1406.2661, Eq. 1 and Theorem 1")
@dataclass(frozen=True)
class Minimax(Objective):
    """The original zero-sum game, in which the generator minimises log(1 − D(G(z))).

    With logits r = D(x), f = D(G(z)) and softplus(t) = log(1 + eᵗ):
    discriminator: −log σ(r) − log(1 − σ(f)) = softplus(−r) + softplus(f);
    generator: log(1 − σ(f)) = −softplus(f).

    When to use it: to study the theory; its generator's gradient dies where the discriminator wins, so for training
    take `nonsaturating`.

    Optimum: for fixed densities p, q the best logit is log(p/q), and the value of the game is −log 4 + 2·JSD(p, q).
    Convention: both players minimise; the discriminator's part is the negative of Eq. 1.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, Eq. 1 and Theorem 1.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(cross_entropy=True, zero_sum=True)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return softplus(−r) + softplus(f), ≥ 0, in nats."""
        return softplus(-real_logits) + softplus(fake_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return −softplus(f), ≤ 0, in nats."""
        return -softplus(fake_logits)
