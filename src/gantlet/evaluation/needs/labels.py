"""The need labels."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Int64

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.features.cache import arrays_digest
from gantlet.evaluation.need import Need, Stamped
from gantlet.evaluation.needs import NEEDS, OWN
from gantlet.evaluation.sides import Side, Space


@NEEDS.register("labels", source=OWN)
@dataclass(frozen=True)
class Labels(Need, Stamped):
    """Labels of both sides, with at least one class of the same name (`evaluation.labels`)."""

    why_absent: ClassVar[str] = "there are no labels; give labelled images"

    def stamp(self, space: Space, fake: Side) -> list[Any]:
        """Return the names of all sides' classes, the digests of their labels, and the map between the names."""
        sides = [side for side in (space.real, fake, space.train, space.test, space.held_out) if side is not None]
        return [space.config.classes, *([list(side.source.classes), _digest(side.source.labels)] for side in sides)]

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return evidence.has_rows and evidence.real.labels is not None and evidence.fake.labels is not None


def _digest(labels: Int64[np.ndarray, " n"] | None) -> str | None:
    return None if labels is None else arrays_digest({"labels": labels})
