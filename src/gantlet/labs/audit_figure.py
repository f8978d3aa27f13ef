"""The figures of the metric audit: a map of scores, and for each feature space one panel per test with one line per metric."""

from collections.abc import Mapping, Sequence

import numpy as np

from gantlet.core.drawing import figure
from gantlet.core.results.audit import DETECTED
from gantlet.core.results.lab import Cell
from gantlet.evaluation.audit import FAILURES
from gantlet.labs.audit_scores import HARMLESS, Curves, strengths
from gantlet.labs.lab import Setting

TITLES = {
    "mixing": ("Noise images mixed in", "share of noise"),
    "collapse": ("Modes collapsed to one image", "share of modes"),
    "dropping": ("Modes dropped", "share of modes"),
    "samples": ("A quarter noise, ever fewer samples", "images per side"),
    "copies": ("Training images copied", "share of copies"),
    "shift": ("Harmless shifts (low is good)", "largest shift / side"),
    "speed": ("Time", "images per side"),
}
HEADS = {"mixing": "noise", "shift": "harmless\nshift", "samples": "few\nsamples", "copies": "over-\nfitting"}


def panels(setting: Setting, space: str, results: Mapping[tuple[str, str], Sequence[Curves]], n: int, what: str) -> str:
    """Draw the curves of one space; return the file's name."""
    picture, axes = figure.new(2, 4, width=3.3, height=2.9)
    planted = {entry.name: entry.meta.strengths for entry in FAILURES.entries()}
    names = list(dict.fromkeys(name for _, name in results))
    for axis, test in zip(axes, TITLES, strict=False):
        for index, name in enumerate(names):
            if (space, name) in results:
                by_seed = np.array([_curve(c, test) for c in results[space, name]])
                figure.line(axis, strengths(test, n, planted), by_seed, name, index)
        title, x = TITLES[test]
        y = {"shift": "worsening / that by pure noise", "speed": "seconds"}.get(test, "worsening in its own sd")
        figure.label(axis, title, x, y)
        if test in ("samples", "speed"):
            axis.set_xscale("log")
        if test == "speed":
            axis.set_yscale("log")
        else:
            axis.axhline(HARMLESS if test == "shift" else DETECTED, color="0.4", linewidth=1, linestyle="--")
        if test not in ("shift", "speed"):
            axis.set_yscale("symlog", linthresh=DETECTED)
    handles, names = axes[0].get_legend_handles_labels()
    axes[-1].axis("off")
    axes[-1].legend(
        handles, names, loc="center", fontsize=10, frameon=False, title=f"{space} space\n(dashed: threshold)"
    )
    picture.suptitle(f"Metric audit on {what}: {space} space; bands: range over seeds", fontsize=11)
    return figure.save(picture, setting.out / f"metric-audit-{space}.png")


def _curve(curves: Curves, test: str) -> list[float]:
    return {"shift": curves.shift, "speed": curves.seconds}.get(test) or curves.z[test]


def heat_map(setting: Setting, rows: Sequence[tuple[Cell, ...]], desiderata: Sequence[str], what: str) -> str:
    """Draw the table of scores: one row per metric and space, one column per desideratum; return the file's name."""
    picture, (axis,) = figure.new(1, 1, width=6.8, height=0.34 * len(rows) + 1.3)
    scores = np.array([[float(value or 0) for value in row[2:-1]] for row in rows])
    axis.grid(visible=False)
    axis.imshow(scores, cmap="RdYlGn", vmin=0, vmax=1, aspect="auto", alpha=0.75)
    axis.set_xticks(range(scores.shape[1]), [*(HEADS.get(name, name) for name in desiderata), "mean"])
    axis.set_yticks(range(len(rows)), [f"{row[0]}: {row[1]}" for row in rows])
    axis.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axis.spines[:].set_visible(False)
    for (i, j), value in np.ndenumerate(scores):
        weight = "bold" if j == scores.shape[1] - 1 else "normal"
        axis.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8.5, fontweight=weight)
    for i in range(1, len(rows)):
        if rows[i][0] != rows[i - 1][0]:
            axis.axhline(i - 0.5, color="white", linewidth=4)
    axis.set_title(f"Share of strengths handled as they should be: {what}", fontsize=10, pad=12)
    return figure.save(picture, setting.out / "metric-audit.png")
