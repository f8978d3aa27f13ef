"""Results on matplotlib axes."""

from typing import TYPE_CHECKING

from gantlet.core.drawing.figure import COLOURS
from gantlet.core.drawing.forest import Row, axes, forest, require_axes
from gantlet.core.results.audit import AuditResult
from gantlet.core.results.comparison import Comparison
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import LabResult
from gantlet.core.results.leaderboard import Leaderboard
from gantlet.core.results.marks import ARROWS, whisker
from gantlet.core.results.report import Report
from gantlet.core.results.runs import RunsComparison, RunsReport
from gantlet.core.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_report(report: Report, axis: "Axes | None" = None) -> "Axes":
    """Draw every metric that is defined with its interval and its reference (green), each on a scale of its own."""
    return forest([_row(estimate) for estimate in report.estimates if estimate.value is not None], axis)


def plot_runs(result: RunsReport, axis: "Axes | None" = None) -> "Axes":
    """Draw every metric's mean over runs with its interval and its reference (green), each on a scale of its own."""
    return forest([_row(each.estimate) for each in result], axis)


def plot_leaderboard(result: Leaderboard, axis: "Axes | None" = None) -> "Axes":
    """Draw each evaluation's value with its interval, best first, all on one scale."""
    rows = []
    for each in result:
        e = each.estimate
        value = e.value or 0.0
        low, high = (value if end is None else end for end in (e.low, e.high))
        name = visible(each.name).replace("$", r"\$")  # else matplotlib sets it as a formula
        rows.append(Row(f"{each.place}  {name}", e.text, value, low, high))
    arrow = ARROWS[result.standings[0].estimate.lower_is_better]
    return forest(rows, axis, scale=f"{result.metric} {arrow}")


def _row(e: Estimate) -> Row:
    at = whisker(e) or _middle()
    return Row(
        f"{e.title} {ARROWS[e.lower_is_better]}", e.text, at["value"], at["low"], at["high"], at.get("reference")
    )


def _middle() -> dict[str, float]:
    return {"value": 50.0, "low": 50.0, "high": 50.0}


def plot_comparison(result: Comparison | RunsComparison, axis: "Axes | None" = None) -> "Axes":
    """Draw the rows of `difference_rows` around a line at 0."""
    panel = forest(difference_rows(result), axis, zero=0.0)
    panel.set_title("← A is better   ·   B is better →   (each on its own scale)", fontsize=9.5, loc="left")
    return panel


def difference_rows(result: Comparison | RunsComparison) -> list[Row]:
    """Return each difference with its interval, on a scale of its own from −1 to 1; coloured where it is clear.

    Left of 0 A is better, right of it B: A − B is turned round where higher is better, so that all rows read alike. The text
    says A − B as it is.
    """
    rows = []
    for d in result.differences:
        reach = max(abs(d.low), abs(d.high), 1e-300) * (1 if d.lower_is_better else -1)
        low, high = sorted((d.low / reach, d.high / reach))
        colour = COLOURS[1] if d.better else COLOURS[0]
        name = f"{d.metric} {ARROWS[d.lower_is_better] if d.aim is None else f'→ {d.aim:.4g}'}"
        ending = f"{d.difference:.3g} [{d.low:.3g}, {d.high:.3g}]{f', {d.better} is better' if d.better else ''}"
        rows.append(Row(name, ending, d.difference / reach, low, high, colour=colour))
    return rows


def plot_audit(result: AuditResult, axis: "Axes | None" = None) -> "Axes":
    """Draw the detected shares as a table of colours: metrics of each space against failures."""
    names = list(dict.fromkeys((curve.space, curve.metric) for curve in result.curves))
    failures = [failure.name for failure in result.failures]
    panel = axes(len(names)) if axis is None else require_axes(axis)
    shares = [[result.curve(*name, failure).detected for failure in failures] for name in names]
    panel.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, row in enumerate(shares):
        for j, share in enumerate(row):
            panel.text(
                j, i, f"{share:.0%}", ha="center", va="center", fontsize=7, color="white" if share > 0.5 else "black"
            )
    several = len(result.spaces) > 1
    panel.set_yticks(range(len(names)), [f"{m} in {s}" if several else m for s, m in names], fontsize=8)
    labels = [f"{f.name} (harmless)" if f.harmless else f.name for f in result.failures]
    panel.set_xticks(range(len(failures)), labels, rotation=30, ha="right", fontsize=8)
    panel.set_title(f"detected, on {result.data}", fontsize=9.5, loc="left")
    return panel


def plot_lab(result: LabResult, axis: "Axes | None" = None) -> "Axes":
    """Draw our number with its interval and the paper's number, where there is one (green)."""
    ours = result.ours
    value = 0.0 if ours.value is None else ours.value
    low, high = (value if end is None else end for end in (ours.low, ours.high))
    panel = forest([Row(result.lab, ours.text, value, low, high, result.paper_value)], axis, scale=result.measure)
    panel.set_title(f"{result.verdict}: {result.claim}", fontsize=9.5, loc="left", wrap=True)
    return panel
