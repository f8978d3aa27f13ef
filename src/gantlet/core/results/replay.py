"""Replay: whether a report's numbers come out again, and the first stage that differs where they do not."""

from dataclasses import dataclass
from typing import Any, Literal

from gantlet.core.results.plain import as_plain

Stage = Literal["", "images", "features", "versions", "numbers", "verdict"]


@dataclass(frozen=True)
class Replay:
    """What came of computing a report anew. ``stage``: the first one that differs, '' where every digit is the same.

    ``numbers``: how many numbers were compared; ``apart``: the largest relative difference among them.
    """

    report: str
    stage: Stage
    text: str
    numbers: int = 0
    apart: float = 0.0

    @property
    def same(self) -> bool:
        """Return whether every digit is the same."""
        return not self.stage

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)
