"""The need features."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.need import Need
from gantlet.evaluation.needs import NEEDS, OWN


@NEEDS.register("features", source=OWN)
@dataclass(frozen=True)
class Features(Need):
    """The features of every image."""

    why_absent: ClassVar[str] = (
        "a statistics file holds moments only, and this needs every image's features; give the images"
    )

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return evidence.has_rows
