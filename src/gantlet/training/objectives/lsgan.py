"""The least-squares GAN: logits are regressed on targets."""

import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("lsgan", source="Mao et al. 2017, arXiv:1611.04076, Eq. 2 and Eq. 6–9")
@dataclass(frozen=True)
class LeastSquares(Objective):
    """Least-squares game: real logits are drawn to b, fake ones to a, and the generator draws fake ones to c.

    With the discriminator's linear output r = D(x), f = D(G(z)):
    discriminator: ½(r − b)² + ½(f − a)²; generator: ½(f − c)².
    Options: the targets ``a`` (fake), ``b`` (real), ``c`` (of the generator).

    When to use it: a plain game whose gradient does not vanish for fakes far on the right side of the boundary.

    Optimum: for fixed densities p, q the best output is (b·p + a·q)/(p + q); with b − c = 1 and b − a = 2 the generator
    then minimises the Pearson divergence χ²(p + q ‖ 2q) (Eq. 9).
    Raises: ConfigError when a = b or c = a: then nothing is to be learned.
    Convention: (a, b, c) = (0, 1, 1), the paper's 0–1 coding; (−1, 1, 0) is its Pearson choice. No sigmoid.
    Source: Mao et al. 2017, arXiv:1611.04076, Eq. 2 and Eq. 6–9.
    """

    a: float = 0.0
    b: float = 1.0
    c: float = 1.0

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.a, self.b, self.c))) or self.a in (self.b, self.c):
            raise ConfigError(
                f"objective 'lsgan': expected finite targets with a ≠ b and a ≠ c; got a={self.a}, b={self.b}, c={self.c}"
            )

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return ½(r − b)² + ½(f − a)², ≥ 0."""
        return ((real_logits - self.b).square() + (fake_logits - self.a).square()) / 2

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return ½(f − c)², ≥ 0."""
        return (fake_logits - self.c).square() / 2
