"""A technique of another package."""

from dataclasses import dataclass

from torch import Tensor

from gantlet.core.interfaces.hooks import DiscriminatorTerm
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.step import TermContext
from gantlet.training.techniques import TECHNIQUES


@TECHNIQUES.register("drift", source="Karras et al. 2018, arXiv:1710.10196, App. A.1")
@dataclass(frozen=True)
class Drift(DiscriminatorTerm):
    """Keep the discriminator's outputs for real images near zero: ε·E[D(x)²]. Option: ``weight`` ε."""

    weight: float = 0.001

    def discriminator_term(self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext) -> Tensor:
        """Return the term."""
        return self.weight * real.logits.square().mean()
