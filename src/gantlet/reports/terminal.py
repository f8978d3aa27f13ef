"""A Report as a rich table for the terminal; renders, computes nothing."""

from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from gantlet.core.results.comparison import Comparison, Difference
from gantlet.core.results.estimate import Estimate, count_text
from gantlet.core.results.marks import ARROWS, MARKS, split_verdict
from gantlet.core.results.report import Report
from gantlet.core.visible import visible_in
from gantlet.core.words import counted
from gantlet.reports.tables import Column, Fitted


def _text(text: str, style: str = "") -> Text:
    return Text(text, style=style)


def table(report: Report) -> Fitted:
    """Return the metrics with intervals beside their references."""
    level = f"{report.estimates[0].level:.0%} interval" if report.estimates else "interval"
    resized = any(estimate.equal_n is not None for estimate in report.estimates)
    columns = [
        Column("metric"), Column("value", right=True), Column(level), Column("by", 1, style="dim"),
        Column("real", 3, right=True, style="cyan"),
        *([Column("beside it", 2, right=True)] if resized else []),
    ]  # fmt: skip
    rows = [
        (
            f"{estimate.title} {ARROWS[estimate.lower_is_better]}",
            f"{estimate.value:.4g}",
            _interval(estimate),
            estimate.interval,
            _number(estimate.reference),
            *([_number(estimate.equal_n)] if resized else []),
        )
        for estimate in report.estimates
        if estimate.value is not None
    ]
    return Fitted(columns, rows)


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return "—"
    return f"{estimate.low:.3g} … {estimate.high:.3g}"


def _number(estimate: Estimate | None) -> str:
    return "—" if estimate is None or estimate.value is None else f"{estimate.value:.4g}"


def references(report: Report) -> list[str]:
    """Return what the references are: of how many images, by which metrics; and what stands beside them."""
    metrics: dict[tuple[int | None, int | None], list[str]] = {}
    for estimate in report.estimates:
        if estimate.reference is not None:
            metrics.setdefault((estimate.reference.n_real, estimate.reference.n_fake), []).append(estimate.title)
    lines = []
    for (n_real, n), names in metrics.items():
        of = "" if len(metrics) == 1 else f" ({', '.join(names)})"
        lines.append(
            f"real: the reference, {counted(n, 'held-out real image')} against {counted(n_real, 'real one')}{of}"
        )
    if any(estimate.equal_n is not None for estimate in report.estimates):
        lines.append("beside it: the same metric of as many of the generated images, against the same real ones")
    return lines


def about(estimates: Sequence[Estimate]) -> dict[str, str]:
    """Return what the intervals are about, each with the metrics it holds for, the commonest first."""
    metrics: dict[str, list[str]] = {}
    for estimate in estimates:
        if estimate.value is not None and estimate.estimand:
            metrics.setdefault(estimate.estimand, []).append(estimate.title)
    ranked = sorted(metrics.items(), key=lambda item: -len(item[1]))
    return {estimand: "all metrics" if len(metrics) == 1 else ", ".join(names) for estimand, names in ranked}


def render(report: Report) -> Group:
    """Return verdict, table, notes and warnings as one renderable."""
    report = visible_in(report)
    head = Text.assemble(
        (report.fake, "bold"), f" ({counted(report.n_fake, 'image')}) against ", (report.real, "bold"),
        f" ({count_text(report.n_real)}); features ", (str(report.features.get("name", "?")), "bold"),
    )  # fmt: skip
    words = Table.grid(padding=(0, 1))
    for line in report.verdict:
        kind, sentence = split_verdict(line)
        mark, colour = MARKS[kind]
        words.add_row(Text(mark, style=colour), _text(sentence))
    return Group(head, words, "", table(report), "", _remarks(report))


def _remarks(report: Report) -> Table:
    """Return the notes, each after the metrics it belongs to, and the warnings."""
    remarks = Table.grid(padding=(0, 1))
    for line in references(report):
        remarks.add_row(Text("·", style="dim"), _text(line, style="dim"))
    for estimand, held in about(report.estimates).items():
        remarks.add_row(Text("·", style="dim"), _text(f"intervals of {held}: the mean over {estimand}", style="dim"))
    notes: dict[str, list[str]] = {}
    for estimate in report.estimates:
        for note in estimate.notes:
            notes.setdefault(note, []).append(estimate.title)
    for note, metrics in notes.items():
        remarks.add_row(Text("·", style="dim"), _text(f"{', '.join(metrics)}: {note}", style="dim"))
    for remark in report.remarks:
        remarks.add_row(Text("·", style="dim"), _text(remark, style="dim"))
    for warning in report.warnings:
        remarks.add_row(Text("!", style="yellow"), _text(f"warning: {warning}", style="yellow"))
    return remarks


def show(report: Report, console: Console | None = None) -> None:
    """Print a report to stdout."""
    (console or Console()).print(render(report), soft_wrap=False)


def render_comparison(result: Comparison) -> Group:
    """Return a comparison's verdict and table."""
    result = visible_in(result)
    columns = [
        Column("metric"), Column("A", 2, right=True), Column("B", 3, right=True), Column("A − B, interval"),
        Column("p", 1, right=True), Column("better"),
    ]  # fmt: skip
    rows = []
    for d in result.differences:
        interval = f"{d.low:.3g} … {d.high:.3g}{'' if d.paired else ' *'}"
        name = f"{d.metric} {ARROWS[d.lower_is_better] if d.aim is None else f'→ {d.aim:.4g}'}"
        rows.append((name, f"{d.a:.4g}", f"{d.b:.4g}", interval, f"{d.p_holm:.1g}", d.better))
    table = Fitted(columns, rows)
    head = Text.assemble(
        "A: ",
        (result.a, "bold"),
        "\nB: ",
        (result.b, "bold"),
        f"\nagainst {result.real}; features {result.features}",
    )
    remarks = [
        "p is corrected for the number of metrics (Holm).",
        "* unpaired: two separate intervals, which is cautious",
    ]
    remarks += [power(d) for d in result.differences[:1] if d.power]
    remarks += result.notes
    for note in dict.fromkeys(note for d in result.differences for note in d.notes):
        remarks.append(f"{', '.join(d.metric for d in result.differences if note in d.notes)}: {note}")
    remarks += [f"{metric} was not compared: {reason}" for metric, reason in result.left_out.items()]
    warnings = [_text(f"! {line}", style="yellow") for line in result.warnings]
    style = "bold green" if any(d.better for d in result.differences) else "bold"
    return Group(
        head,
        *warnings,
        _text(result.verdict, style=style),
        "",
        table,
        "",
        *(_text(f"· {r}", style="dim") for r in remarks),
    )


def power(d: Difference) -> str:
    """Return the power curve of a metric as a sentence."""
    curve = ", ".join(f"{share:.0%} → {probability:.0%}" for share, probability in d.power)
    more = (
        ""
        if d.images_for_tenth is None
        else f"; a tenth in 8 of 10 cases takes about {counted(d.images_for_tenth, 'image')} per side"
    )
    return f"power of {d.metric} here, by how much B differs from A: {curve}{more}"


def show_comparison(result: Comparison) -> None:
    """Print a comparison to stdout."""
    Console().print(render_comparison(result))
