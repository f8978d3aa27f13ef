"""The need pairs."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Int64

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.need import Gathered, Need, Stamped
from gantlet.evaluation.needs import NEEDS, OWN
from gantlet.evaluation.pairs import paired_rows
from gantlet.evaluation.sides import Side, Space


@NEEDS.register("pairs", source=OWN)
@dataclass(frozen=True)
class Pairs(Gathered, Need, Stamped):
    """For each fake the real image that it is meant to reproduce."""

    why_absent: ClassVar[str] = (
        "no fake image is known to reproduce a real one; give both the same file names, or say --pairs order"
    )
    costly: ClassVar[bool] = False

    def gather(self, space: Space, fake: Side | None) -> Int64[np.ndarray, " m"] | None:
        """Return the real row of each fake row; raises ConfigError for ``--pairs order`` with unequal numbers."""
        if fake is None or space.real.bank.rows is None or fake.bank.rows is None:
            return None
        return paired_rows(space.real.bank.rows, fake.bank.rows, space.config.pairs)

    def stamp(self, space: Space, fake: Side) -> list[str]:
        """Return the rule, and the digests of both sides' names."""
        return [space.config.pairs, *(_digest(side.source.names) for side in (space.real, fake))]

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return evidence.pairs is not None


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256(
        "\n".join(names).encode(errors="surrogatepass")
    ).hexdigest()  # names of files may be any bytes
