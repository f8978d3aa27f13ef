"""The need probabilities."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.need import Need, OfClasses
from gantlet.evaluation.needs import NEEDS, OWN


@NEEDS.register("probabilities", source=OWN)
@dataclass(frozen=True)
class Probabilities(Need, OfClasses):
    """Class probabilities of every image of both sides."""

    of_classes: ClassVar[bool] = True
    why_absent: ClassVar[str] = (
        "there are no class probabilities of every image; use an extractor that gives them, e.g. classifier, on images, "
        "not on a statistics file"
    )

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return evidence.has_rows and evidence.real.probabilities is not None and evidence.fake.probabilities is not None
