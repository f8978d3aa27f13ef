"""The need generator."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.extraction import latent_space
from gantlet.evaluation.need import Gathered, Need
from gantlet.evaluation.needs import NEEDS, OWN
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.latent import LatentSpace


@NEEDS.register("generator", source=OWN)
@dataclass(frozen=True)
class Generator(Gathered, Need):
    """The generator itself, as the features see it: from latents straight to features, never rounded to 8 bits."""

    why_absent: ClassVar[str] = (
        "this needs the generator itself: give run:PATH as FAKE, and an extractor that takes unrounded images "
        "(efficientnet-lite0, inception-v3, classifier, random-conv, pixels)"
    )
    costly: ClassVar[bool] = False

    def gather(self, space: Space, fake: Side | None) -> LatentSpace | None:
        """Return the generator behind the fakes; None where there is none, or where the extractor rounds."""
        return None if fake is None else latent_space(fake.source, space.extractor)

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return evidence.latents is not None
