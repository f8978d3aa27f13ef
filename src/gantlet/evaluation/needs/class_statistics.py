"""The need class_statistics."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.need import Need, OfClasses
from gantlet.evaluation.needs import NEEDS, OWN


@NEEDS.register("class_statistics", source=OWN)
@dataclass(frozen=True)
class ClassStatistics(Need, OfClasses):
    """Mean class probabilities of both sides."""

    of_classes: ClassVar[bool] = True
    why_absent: ClassVar[str] = "this extractor gives no class probabilities; use one that does, e.g. classifier"

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return all(bank.class_statistics is not None for bank in (evidence.real_bank, evidence.fake_bank))
