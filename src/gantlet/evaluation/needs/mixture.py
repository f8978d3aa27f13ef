"""The need mixture."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.core.mixture import Mixture
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.features.cache import arrays_digest
from gantlet.evaluation.need import Gathered, Need, Stamped
from gantlet.evaluation.needs import NEEDS, OWN
from gantlet.evaluation.sides import Side, Space


@NEEDS.register("mixture", source=OWN)
@dataclass(frozen=True)
class KnownModes(Gathered, Need, Stamped):
    """The known modes of synthetic data, in the space of the features."""

    why_absent: ClassVar[str] = "no known modes: the data is not a synthetic mixture"
    costly: ClassVar[bool] = False

    def gather(self, space: Space, fake: Side | None) -> Mixture | None:
        """Return the mixture that the real points were drawn from, where its components count as modes."""
        return space.real.source.modes

    def stamp(self, space: Space, fake: Side) -> str | None:
        """Return the digest of centres and widths."""
        modes = space.real.source.modes
        return (
            None
            if modes is None
            else arrays_digest({"centres": modes.centres, "factors": modes.factors, "shares": modes.shares})
        )

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return evidence.mixture is not None
