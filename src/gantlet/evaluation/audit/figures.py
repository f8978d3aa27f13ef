"""The figures of an audit: a map of detections, and for each feature space one panel per failure with one line per metric."""

from pathlib import Path

import numpy as np

from gantlet.core.drawing import figure
from gantlet.core.results.audit import DETECTED, AuditResult, Planted
from gantlet.core.words import counted


def figures(result: AuditResult, out: Path) -> tuple[str, ...]:
    """Draw all figures into ``out``; return the files' names, the map first."""
    return (detection_map(result, out), *(panels(result, space, out, k) for k, space in enumerate(result.spaces)))


def detection_map(result: AuditResult, out: Path) -> str:
    """Draw one row per metric and space, one column per failure: the strength from which it is detected."""
    rows = [(space, metric) for space in result.spaces for metric in result.metrics(space)]
    width = 1.9 + 1.05 * len(result.failures)
    picture, (axis,) = figure.new(1, 1, width=width + 1.4, height=0.34 * len(rows) + 1.5)
    detected = np.array([[result.curve(*row, planted.name).detected for planted in result.failures] for row in rows])
    good = np.array(
        [[1 - s if p.harmless else s for s, p in zip(line, result.failures, strict=True)] for line in detected]
    )
    axis.grid(visible=False)
    axis.imshow(good, cmap="RdYlGn", vmin=0, vmax=1, aspect="auto", alpha=0.75)
    heads = [f"{planted.title}\n({planted.unit})" for planted in result.failures]
    axis.set_xticks(range(len(heads)), [head.replace(" ", "\n", 1) for head in heads], fontsize=7)
    axis.set_yticks(range(len(rows)), [f"{metric} · {space}" for space, metric in rows])
    axis.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axis.spines[:].set_visible(False)
    for i, row in enumerate(rows):
        for j, planted in enumerate(result.failures):
            axis.text(j, i, words(result, row, planted), ha="center", va="center", fontsize=8)
    for i in range(1, len(rows)):
        if rows[i][0] != rows[i - 1][0]:
            axis.axhline(i - 0.5, color="white", linewidth=4)
    title = f"Strength from which a planted failure is detected ({_short(result.data)}, {counted(result.n, 'image')} per side)"
    axis.set_title(title, fontsize=9.5, pad=12)
    return figure.save(picture, out / "audit.png")


def words(result: AuditResult, row: tuple[str, str], planted: Planted) -> str:
    """Return one cell of the map."""
    weakest = result.curve(*row, planted.name).weakest(planted.strengths)
    if planted.harmless:
        return "tolerates" if weakest is None else f"alarm ≥ {weakest:g}"
    return "missed" if weakest is None else f"≥ {weakest:g}"


def panels(result: AuditResult, space: str, out: Path, index: int) -> str:
    """Draw z against strength in one space; return the file's name."""
    columns = 3
    picture, axes = figure.new(-(-(len(result.failures) + 1) // columns), columns, width=3.4, height=2.7)
    for axis, planted in zip(axes, result.failures, strict=False):
        for k, metric in enumerate(result.metrics(space)):
            z = np.array(result.curve(space, metric, planted.name).z)
            figure.line(axis, planted.strengths, z, metric, k)
        figure.label(axis, planted.title, planted.unit, "worsening in its own sd")
        axis.axhline(DETECTED, color="0.4", linewidth=1, linestyle="--")
        axis.set_yscale("symlog", linthresh=DETECTED)
    handles, names = axes[0].get_legend_handles_labels()
    for axis in axes[len(result.failures) :]:
        axis.axis("off")
    axes[len(result.failures)].legend(handles, names, loc="center", fontsize=8, frameon=False, title="dashed: detected")
    seeds = f"; bands: range over {counted(len(result.seeds), 'seed')}" if len(result.seeds) > 1 else ""
    picture.suptitle(f"Audit on {_short(result.data)}: {space}{seeds}", fontsize=10.5)
    return figure.save(picture, out / f"audit-space-{index + 1}.png")


def _short(spec: str) -> str:
    """Return a source string without folders."""
    path, bracket, options = spec.partition("[")
    return Path(path).name + bracket + options
