"""The need held_out."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.need import Gathered, Need
from gantlet.evaluation.needs import NEEDS, OWN
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.feature_bank import FeatureBank


@NEEDS.register("held_out", source=OWN)
@dataclass(frozen=True)
class HeldOut(Gathered, Need):
    """Held-out real images, apart from the real ones that fakes are compared with."""

    why_absent: ClassVar[str] = "there are no held-out real images; give some with --held-out"
    costly: ClassVar[bool] = False

    def gather(self, space: Space, fake: Side | None) -> FeatureBank | None:
        """Return their features; None where there are none, where they are no separate ones, and for a reference, which is made of them."""
        if fake is None or space.held_out is None or space.no_reference:
            return None
        return space.held_out.bank.rows

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return "held_out" in evidence.given
