"""The need images."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.need import Need
from gantlet.evaluation.needs import NEEDS, OWN


@NEEDS.register("images", source=OWN)
@dataclass(frozen=True)
class ImagesThemselves(Need):
    """The images of both sides, decoded when a metric looks at them."""

    why_absent: ClassVar[str] = "only features are known, not the images they came from; give images"

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return evidence.has_rows and evidence.real.images is not None and evidence.fake.images is not None
