"""Result of a lab: the claim, the paper's number, ours over seeds, the tolerance set in advance, the verdict."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gantlet.core.results.estimate import Estimate
from gantlet.core.results.plain import as_frame, as_plain, shortened
from gantlet.core.visible import json_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

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

    def __repr__(self) -> str:
        return f"<LabResult of {self.lab} ({self.size}): {self.verdict}; ours {self.ours.text}; {shortened(self.claim, 200)}>"

    def __iter__(self) -> Iterator[dict[str, Cell]]:
        """Yield the rows of the table, each by its columns' names."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)

    def to_pandas(self) -> "DataFrame":
        """Return the table, one row per row; raises UsageError where pandas is not installed."""
        return as_frame(self)

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw our number with its interval, and the paper's; return the matplotlib axes (new ones where none are given)."""
        from gantlet.core.results.plots import plot_lab

        return plot_lab(self, axes)

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards import lab_card

        return lab_card(self)

    def to_json(self) -> str:
        """Return strict JSON: non-finite numbers are an error, not NaN."""
        return json_text(dataclasses.asdict(self), indent=1)
