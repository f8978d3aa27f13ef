"""The need classes."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.need import Need, OfClasses, Stamped
from gantlet.evaluation.needs import NEEDS, OWN
from gantlet.evaluation.needs.probabilities import Probabilities
from gantlet.evaluation.sides import Side, Space


@NEEDS.register("classes", source=OWN)
@dataclass(frozen=True)
class Classes(Need, OfClasses, Stamped):
    """A class for every image: by the extractor, or by the known modes of a mixture."""

    of_classes: ClassVar[bool] = True
    why_absent: ClassVar[str] = (
        "neither class probabilities of every image nor known modes; use an extractor with classes, e.g. classifier"
    )

    def stamp(self, space: Space, fake: Side) -> list[list[str]]:
        """Return the names of the classes of both sides."""
        return [list(space.train.source.classes), list(fake.source.classes)]

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return Probabilities().present(evidence) or evidence.mixture is not None
