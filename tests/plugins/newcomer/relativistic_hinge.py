"""An objective of another package."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("paired-hinge", source="an example")
@dataclass(frozen=True)
class PairedHinge(Objective):
    """A hinge on the difference of the logits of each pair."""

    capabilities: ClassVar[Capabilities] = Capabilities(relativistic=True)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return max(0, 1 − (r − f))."""
        return (1 - (real_logits - fake_logits)).clamp(min=0)

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return max(0, 1 − (f − r))."""
        return (1 - (fake_logits - real_logits)).clamp(min=0)
