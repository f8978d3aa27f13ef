"""A kind of evidence of another package, and a metric that needs it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gantlet.core.interfaces.metadata import NO_INFLUENCE
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.need import Gathered, Need, Stamped
from gantlet.evaluation.needs import NEEDS
from gantlet.evaluation.sides import Side, Space


@NEEDS.register("file_names", source="an example")
@dataclass(frozen=True)
class FileNames(Gathered, Need, Stamped):
    """The names of the fakes' files."""

    why_absent: ClassVar[str] = "the fakes have no names; give a folder"
    costly: ClassVar[bool] = False

    def gather(self, space: Space, fake: Side | None) -> list[str] | None:
        """Return the names; None for the reference."""
        return None if fake is None or not fake.source.names else list(fake.source.names)

    def stamp(self, space: Space, fake: Side) -> list[str]:
        """Return the names themselves."""
        return list(fake.source.names)

    def present(self, evidence: Evidence) -> bool:
        """Return whether there are names."""
        return "file_names" in evidence.given


@METRICS.register(
    "name_length",
    source="an example",
    needs=("file_names",),
    unit="letters",
    lower_is_better=True,
    unpaired=NO_INFLUENCE,
)
def estimate(evidence: Evidence) -> Measurement:
    """Mean length of the fakes' names.

    Interval: delta. When it lies: always; it is an example. Source: an example.
    """
    lengths = np.array([len(name) for name in evidence.given["file_names"]], float)
    low, high = normal(float(lengths.mean()), float(lengths.var(ddof=1) / len(lengths)), evidence.level)
    return Measurement(float(lengths.mean()), ("delta", low, high), Rows(0, len(lengths)))
