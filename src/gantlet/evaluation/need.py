"""What a kind of evidence promises: one object says whether it is there, where it comes from, and what identifies it.

`compute`, the sentence for a metric that is undefined, and the key of the findings' cache read the same object.
"""

from typing import Any, ClassVar, Protocol, runtime_checkable

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.sides import Side, Space


@runtime_checkable
class Need(Protocol):
    """A kind of evidence that metrics name in ``needs``."""

    why_absent: ClassVar[str]
    """What is missing and what to do, where it is not there."""

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""


@runtime_checkable
class OfClasses(Protocol):
    """A need of class probabilities: where the classes are not the data's own, metrics that rest on it do not vote."""

    of_classes: ClassVar[bool]


@runtime_checkable
class Gathered(Protocol):
    """A need that an evaluation gathers from its sides; it is then found under its name in ``evidence.given``."""

    costly: ClassVar[bool]
    """Whether it is gathered only when a metric needs it."""

    def gather(self, space: Space, fake: Side | None) -> Any:
        """Return it; None, or `Absent` with a reason of its own, where it cannot be had.

        ``fake`` None: for the reference, real against held-out real.
        """


@runtime_checkable
class Stamped(Protocol):
    """A need that depends on more than the images' content and the extractor."""

    def stamp(self, space: Space, fake: Side) -> Any:
        """Return what identifies it, as plain JSON: findings that were cached with another stamp are not read."""
