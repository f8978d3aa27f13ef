"""Figures by matplotlib: one style for all, written atomically, with the same bytes for the same numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from gantlet.core.files import writing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gantlet.core.results.estimate import Estimate

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999933")
"""Okabe and Ito's colours, which colour-blind readers can distinguish, and one more."""
STYLES = ("-", ":", "--", "-.")
"""The next style is used after each pass through the colours."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def new(rows: int, columns: int, width: float = 3.4, height: float = 2.9) -> "tuple[Figure, list[Axes]]":
    """Return a figure of rows × columns panels in the common style, and its panels row by row."""
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


def images(axis: "Axes", pixels: UInt8[np.ndarray, "n h w c"], columns: int) -> None:
    """Draw images row by row, ``columns`` per row, with a gray frame around each; n is a multiple of ``columns``."""
    framed = np.pad(pixels, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=128)
    n, height, width, channels = framed.shape
    grid = framed.reshape(n // columns, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    whole = grid.reshape(n // columns * height, columns * width, channels)
    axis.imshow(np.repeat(whole, 3, axis=2) if channels == 1 else whole, interpolation="nearest")
    axis.grid(False)
    axis.set_xticks([])
    axis.set_yticks([])


def bars(axis: "Axes", estimates: "Mapping[str, Estimate]", usual: float | None = None) -> None:
    """Draw one bar per estimate with its interval, and a dashed line at ``usual``."""
    for i, estimate in enumerate(estimates.values()):
        value = 0.0 if estimate.value is None else estimate.value
        low, high = (value if end is None else end for end in (estimate.low, estimate.high))
        colour = COLOURS[i % len(COLOURS)]
        axis.bar(i, value, yerr=[[value - low], [high - value]], color=colour, width=0.7, capsize=3)
    if usual is not None:
        axis.axhline(usual, color="black", linestyle="--", linewidth=1)
    axis.set_xticks(range(len(estimates)), list(estimates), rotation=30, ha="right")


def save(figure: "Figure", path: Path) -> str:
    """Write a PNG atomically, without dates or versions; return its file name."""
    with writing(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
    return path.name
