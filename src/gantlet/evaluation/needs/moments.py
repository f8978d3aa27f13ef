"""The need moments."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.need import Need
from gantlet.evaluation.needs import NEEDS, OWN


@NEEDS.register("moments", source=OWN)
@dataclass(frozen=True)
class Moments(Need):
    """Mean and covariance of both sides."""

    why_absent: ClassVar[str] = "there are no features"

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return min(evidence.real_bank.dim, evidence.fake_bank.dim) > 0
