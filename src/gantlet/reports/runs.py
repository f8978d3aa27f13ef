"""Results about methods, as pages and as tables for the terminal; renders, computes nothing."""

from collections.abc import Mapping, Sequence

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from gantlet.core.results.estimate import Estimate
from gantlet.core.results.marks import ARROWS, MARKS, split_verdict
from gantlet.core.results.runs import MethodDifference, RunsComparison, RunsEstimate, RunsReport, Split
from gantlet.core.visible import visible_in
from gantlet.core.words import counted
from gantlet.reports.html import templates
from gantlet.reports.tables import Column, Fitted
from gantlet.reports.terminal import about

PARTS = ("training", "its images", "real images")


def render_runs(result: RunsReport, summaries: Mapping[str, str]) -> str:
    """Return the page of a method's runs as HTML text; it holds no script. ``summaries``: one line on each metric."""
    result = visible_in(result)
    page = templates()
    page.globals.update(marks=MARKS, split_verdict=split_verdict)
    return page.get_template("runs.html").render(
        result=result,
        headline=headline(result),
        rows=[(each, positions([each])[0]) for each in result.estimates],
        about=about([each.estimate for each in result.estimates]),
        parts=PARTS,
        summaries=summaries,
    )


def render_methods(result: RunsComparison, summaries: Mapping[str, str]) -> str:
    """Return the page of two methods as HTML text; it holds no script."""
    result = visible_in(result)
    return (
        templates()
        .get_template("methods.html")
        .render(
            result=result,
            headline=headline_of_methods(result),
            rows=[(each, positions([each.a, each.b])) for each in result.differences],
            parts=PARTS,
            summaries=summaries,
        )
    )


def headline(result: RunsReport) -> str:
    """Return the first line of the verdict with the number of runs."""
    said = split_verdict(result.verdict[0])[1] if result.verdict else "no verdict."
    return f"{counted(len(result.runs), 'run')} of one method: {said[:-1]}"


def headline_of_methods(result: RunsComparison) -> str:
    """Return the conclusion in one line."""
    if not result.differences:
        return "A and B could not be compared"
    first = result.differences[0]
    metric = first.metric.replace("_", " ")
    if not first.better:
        return f"The methods A and B cannot be told apart by {metric}"
    return f"Method {first.better} is better by {metric}"


Strip = dict[str, float | list[float]]
"""Where things stand on a bar from 0 to 100 %."""


def positions(sides: Sequence[RunsEstimate]) -> list[Strip]:
    """Return, for each side on one common scale, the places of the runs, the mean with its interval, a new run's range and the reference."""
    numbers = [number for side in sides for number in _numbers(side)]
    low, width = min(numbers), (max(numbers) - min(numbers)) or 1.0

    def place(number: float | None) -> float:
        return 4 + 92 * ((number if number is not None else low) - low) / width

    found = []
    for side in sides:
        e, reference = side.estimate, reference_of(side.estimate)
        strip: Strip = {
            "runs": [place(run.value) for run in side.runs],
            **{name: place(number) for name, number in (("value", e.value), ("low", e.low), ("high", e.high))},
            "new_low": place(side.new_low),
            "new_high": place(side.new_high),
        }
        found.append(strip if reference is None else {**strip, "reference": place(reference)})
    return found


def reference_of(estimate: Estimate) -> float | None:
    """Return the value of real images, where it is of the same numbers."""
    return estimate.reference.value if estimate.reference and estimate.equal_n is None else None


def _numbers(side: RunsEstimate) -> list[float]:
    e = side.estimate
    found = (*(run.value for run in side.runs), e.low, e.high, side.new_low, side.new_high, reference_of(e))
    return [number for number in found if number is not None]


def split_text(split: Split | None) -> str:
    """Return the three shares of the variance as percentages."""
    return "—" if split is None else " / ".join(f"{share:.0%}" for share in split.shares)


def render(result: RunsReport) -> Group:
    """Return verdict, table and notes of a method's runs as one renderable."""
    result = visible_in(result)
    head = Text.assemble(
        (f"{counted(len(result.runs), 'run')}", "bold"), f" ({result.runs[0]} … {result.runs[-1]}) against ", (result.real, "bold"),
        f"; features {result.features}",
    )  # fmt: skip
    words = Table.grid(padding=(0, 1))
    for line in result.verdict:
        kind, sentence = split_verdict(line)
        mark, colour = MARKS[kind]
        words.add_row(Text(mark, style=colour), Text(sentence))
    columns = [
        Column("metric"), Column("mean", right=True), Column(f"{result.level:.0%} interval"), Column("a new run", 2),
        Column("real", 3, right=True, style="cyan"), Column("training / images / real", 1, right=True),
    ]  # fmt: skip
    rows = []
    for each in result.estimates:
        e, reference = each.estimate, each.estimate.reference
        rows.append((
            f"{e.title} {ARROWS[e.lower_is_better]}", f"{e.value:.4g}", f"{e.low:.3g} … {e.high:.3g}",
            f"{each.new_low:.3g} … {each.new_high:.3g}",
            "—" if reference is None or reference.value is None else f"{reference.value:.4g}", split_text(each.split),
        ))  # fmt: skip
    return Group(head, words, "", Fitted(columns, rows), "", _remarks(result))


def _remarks(result: RunsReport) -> Table:
    remarks = Table.grid(padding=(0, 1))
    lines = [
        "a new run: where the number of one more run would lie, measured alike against the same real images",
        "training / images / real: where the variance of one run's number comes from: another seed, its own images, the real images",
        *(
            f"intervals of {held}: the mean over {estimand}"
            for estimand, held in about([e.estimate for e in result]).items()
        ),
        *result.notes,
        *(f"{metric}: {reason}" for metric, reason in result.left_out.items()),
    ]
    for line in lines:
        remarks.add_row(Text("·", style="dim"), Text(line, style="dim"))
    for warning in result.warnings:
        remarks.add_row(Text("!", style="yellow"), Text(f"warning: {warning}", style="yellow"))
    return remarks


def render_difference(result: RunsComparison) -> Group:
    """Return verdict and table of two methods as one renderable."""
    result = visible_in(result)
    columns = [
        Column("metric"), Column("A", 2, right=True), Column("B", 3, right=True), Column("A − B, interval"),
        Column("p", 1, right=True), Column("better"),
    ]  # fmt: skip
    rows = [
        (
            f"{each.metric} {ARROWS[each.lower_is_better] if each.aim is None else f'→ {each.aim:.4g}'}",
            f"{each.a.estimate.value:.4g}", f"{each.b.estimate.value:.4g}", f"{each.low:.3g} … {each.high:.3g}",
            f"{each.p_holm:.1g}", each.better,
        )
        for each in result.differences
    ]  # fmt: skip
    head = Text(
        f"A: {', '.join(result.a)}\nB: {', '.join(result.b)}\nagainst {result.real}; features {result.features}"
    )
    remarks = [
        "A and B are means over runs; p is Welch's over the runs, corrected for the number of metrics (Holm)",
        *(plan for each in result.differences[:1] if (plan := plan_text(each))),
        *result.notes,
        *(f"{metric} was not compared: {reason}" for metric, reason in result.left_out.items()),
    ]
    warnings = [Text(f"! {line}", style="yellow") for line in result.warnings]
    style = "bold green" if any(each.better for each in result.differences) else "bold"
    return Group(
        head, *warnings, Text(result.verdict, style=style), "", Fitted(columns, rows), "",
        *(Text(f"· {remark}", style="dim") for remark in remarks),
    )  # fmt: skip


def plan_text(each: MethodDifference) -> str:
    """Return how many runs would show a tenth of A's mean, where that means something."""
    if each.runs_for_tenth is None:
        return ""
    return f"a tenth of A's {each.metric} would be found in 8 of 10 cases by {counted(each.runs_for_tenth, 'run')} of each method"


def show_runs(result: RunsReport) -> None:
    """Print a method's runs to stdout."""
    Console().print(render(result), soft_wrap=False)


def show_methods(result: RunsComparison) -> None:
    """Print the comparison of two methods to stdout."""
    Console().print(render_difference(result))
