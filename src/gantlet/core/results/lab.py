"""Result of a lab: the claim, the paper's number, ours over seeds, the tolerance set in advance, the verdict."""

import dataclasses
from dataclasses import dataclass
from typing import Literal

from gantlet.core.results.estimate import Estimate
from gantlet.core.visible import json_text

Verdict = Literal["reproduced", "not reproduced", "not testable here"]
Cell = str | int | float | None


@dataclass(frozen=True)
class LabResult:
    """One claim, tested. ``ours`` is the decisive number, with its interval over ``seeds``; ``why`` is the reason for the verdict.

    ``paper_value`` is None where the source has no number; then ``paper_note`` describes its statement. ``rows`` are a
    table under ``columns``; ``figures`` are PNG files beside NAME.json, the main one first.
    """

    lab: str
    claim: str
    source: str
    measure: str
    paper_value: float | None
    paper_note: str
    ours: Estimate
    tolerance: str
    verdict: Verdict
    why: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    figures: tuple[str, ...]
    size: str
    seeds: tuple[int, ...]
    seconds: float = 0.0
    schema: int = 1

    def to_json(self) -> str:
        """Return strict JSON: non-finite numbers are an error, not NaN."""
        return json_text(dataclasses.asdict(self), indent=1)
