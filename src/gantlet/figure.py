"""Figures by matplotlib: one look for all of them, written atomically, the same bytes for the same numbers."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gantlet.files import writing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999933")
"""Okabe and Ito's colours, told apart by colour-blind readers, and one more."""
STYLES = ("-", ":", "--", "-.")
"""The next one for every round of colours."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def new(rows: int, columns: int, width: float = 3.4, height: float = 2.9) -> "tuple[Figure, list[Axes]]":
    """Return a figure of rows × columns panels in one look, and its panels row by row."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(np.atleast_1d(figure.subplots(rows, columns)).flat)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25, linewidth=0.6)
        axis.tick_params(labelsize=8)
    return figure, axes


def label(axis: "Axes", title: str, x: str = "", y: str = "") -> None:
    """Name a panel and its axes."""
    axis.set_title(title, fontsize=9.5, loc="left")
    axis.set_xlabel(x, fontsize=8.5)
    axis.set_ylabel(y, fontsize=8.5)


def line(axis: "Axes", x: Sequence[int | float], by_seed: np.ndarray, name: str, index: int) -> None:
    """Draw the mean over seeds of ``by_seed`` [seeds, points] with the seeds' range behind it."""
    colour = COLOURS[index % len(COLOURS)]
    axis.fill_between(x, by_seed.min(axis=0), by_seed.max(axis=0), color=colour, alpha=0.15, linewidth=0)
    marker, style = MARKERS[index % len(MARKERS)], STYLES[index // len(COLOURS) % len(STYLES)]
    mean = by_seed.mean(axis=0)
    axis.plot(x, mean, color=colour, marker=marker, linestyle=style, markersize=4, linewidth=1.4, label=name)


def save(figure: "Figure", path: Path) -> str:
    """Write a PNG atomically, without dates or versions; return its file name."""
    with writing(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
    return path.name
