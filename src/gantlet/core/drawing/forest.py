"""Numbers with intervals, one row each, on matplotlib axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gantlet.core.calls import shown
from gantlet.core.drawing.figure import COLOURS
from gantlet.core.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Row:
    """One row: its name, the text at its end, and the places of value, interval and reference on the axis."""

    name: str
    text: str
    value: float
    low: float
    high: float
    reference: float | None = None
    colour: str = COLOURS[0]


def axes(rows: int, width: float = 7.0) -> "Axes":
    """Return new axes of pyplot's, so that a notebook shows them, high enough for this many rows."""
    from matplotlib import pyplot

    _, axis = pyplot.subplots(figsize=(width, 0.9 + 0.34 * max(rows, 1)), layout="constrained")
    return axis


def require_axes(axis: Any) -> "Axes":
    """Return matplotlib axes as they are; raises UsageError for anything else."""
    from matplotlib.axes import Axes

    if isinstance(axis, Axes):
        return axis
    raise UsageError(
        f"a plot is drawn on matplotlib axes, e.g. those of pyplot.subplots(); got {shown(axis)}; without any it makes its own"
    )


def forest(rows: Sequence[Row], axis: "Axes | None" = None, *, zero: float | None = None, scale: str = "") -> "Axes":
    """Draw each row as a dot (the value) on a line (its interval) with a green tick (its reference); return the axes.

    ``zero``: where a dashed line stands; ``scale``: the title of the horizontal axis ('': each row has a scale of its own, and none
    is shown).
    """
    panel = axes(len(rows)) if axis is None else require_axes(axis)
    for place, row in enumerate(rows):
        panel.plot([row.low, row.high], [place, place], color=row.colour, alpha=0.5, linewidth=4, solid_capstyle="butt")
        panel.plot([row.value], [place], "o", color=row.colour, markersize=6)
        if row.reference is not None:
            panel.plot([row.reference], [place], "|", color=COLOURS[2], markersize=14, markeredgewidth=2)
        panel.annotate(row.text, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    panel.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=8.5)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    if zero is not None:
        panel.axvline(zero, color="black", linestyle="--", linewidth=0.8)
    if scale:
        panel.set_xlabel(scale, fontsize=8.5)
    else:
        panel.set_xticks([])
    panel.spines[["top", "right", "left"]].set_visible(False)
    return panel
