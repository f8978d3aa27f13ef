"""A tournament as a page and as tables for the terminal; renders, computes nothing."""

import math
from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from gantlet.core.results.marks import ARROWS, MARKS, split_verdict
from gantlet.core.results.tournament import Budget, Contender, Seeds, Tournament
from gantlet.core.visible import visible_in
from gantlet.core.words import counted
from gantlet.reports.html import templates
from gantlet.reports.tables import Column, Fitted

WIDE, HIGH = 220.0, 120.0


def render_tournament(result: Tournament) -> str:
    """Return the page of a tournament as HTML text; it holds no script."""
    result = visible_in(result)
    page = templates()
    page.globals.update(marks=MARKS, split_verdict=split_verdict)
    low, high = _span(result)
    return page.get_template("tournament.html").render(
        result=result,
        headline=headline(result),
        panels=[(one, panel(one.curve, low, high)) for one in result.contenders],
        span=(low, high),
        logarithmic=logarithmic(low, high),
        mean=_mean,
        settings=settings_text,
        wide=WIDE,
        high=HIGH,
    )


def headline(result: Tournament) -> str:
    """Return the title of the page: the verdict's first sentence."""
    return split_verdict(result.verdict[0])[1] if result.verdict else "A tournament"


def settings_text(one: Contender) -> str:
    """Return a method's best settings as options of ``gantlet train``."""
    return ", ".join(f"{name} {value}" for name, value in one.settings.items()) or "—"


def _span(result: Tournament) -> tuple[float, float]:
    numbers = [
        value
        for one in result.contenders
        for each in one.curve
        for value in (each.median, each.low, each.high)
        if value is not None
    ]
    return (min(numbers), max(numbers)) if numbers else (0.0, 1.0)


def logarithmic(low: float, high: float) -> bool:
    """Return whether the scores are drawn by their logarithms: positive ones that span more than a factor of four."""
    return low > 0 and high > 4 * low


def panel(curve: Sequence[Budget], low: float, high: float) -> dict[str, str]:
    """Return the points of a method's line and band, as SVG wants them: trials from left to right (logarithm), the score upwards."""
    most = math.log(max(each.k for each in curve)) or 1.0
    scale = math.log if logarithmic(low, high) else float
    width = (scale(high) - scale(low)) or 1.0

    def at(k: int, value: float | None, open_end: float) -> str:
        y = open_end if value is None else HIGH - HIGH * (scale(value) - scale(low)) / width
        return f"{WIDE * math.log(k) / most:.1f},{min(max(y, 0.0), HIGH):.1f}"

    line = [at(each.k, each.median, 0.0) for each in curve if each.median is not None]
    band = [at(each.k, each.low, HIGH) for each in curve] + [at(each.k, each.high, 0.0) for each in reversed(curve)]
    return {"line": " ".join(line), "band": " ".join(band)}


def _mean(seeds: Seeds | None) -> str:
    return "—" if seeds is None else f"{seeds.mean:.4g} [{seeds.low:.3g}, {seeds.high:.3g}]"


def render(result: Tournament) -> Group:
    """Return verdict, table and notes as one renderable."""
    result = visible_in(result)
    head = Text.assemble(
        (f"{counted(len(result.contenders), 'method')}", "bold"), f", {counted(result.trials, 'setting')} each, on ", (result.data, "bold"),
        f"; {result.metric} {ARROWS[result.lower_is_better]}, features {result.features}",
    )  # fmt: skip
    words = Table.grid(padding=(0, 1))
    for line in result.verdict:
        kind, sentence = split_verdict(line)
        words.add_row(Text(MARKS[kind][0], style=MARKS[kind][1]), Text(sentence))
    columns = [
        Column("method"), Column("best checkpoint"), Column("final", 1), Column("runs", 3, right=True),
        Column("failed", 2, right=True), Column("seconds", 4, right=True), Column("settings", 5),
    ]  # fmt: skip
    rows = [
        (
            one.recipe, _mean(one.best), _mean(one.final), str(len(one.seeds)), str(sum(bool(trial.failed) for trial in (*one.search, *one.seeds))),
            f"{one.curve[-1].seconds:,.0f}", settings_text(one),
        )
        for one in result.contenders
    ]  # fmt: skip
    remarks = Table.grid(padding=(0, 1))
    for line in (*_pair_lines(result), *result.notes):
        remarks.add_row(Text("·", style="dim"), Text(line, style="dim"))
    return Group(head, words, "", Fitted(columns, rows), "", remarks)


def _pair_lines(result: Tournament) -> list[str]:
    return [
        f"{pair.better} is better than {pair.b if pair.better == pair.a else pair.a} (p = {pair.p_holm:.1g})"
        for pair in result.pairs
        if pair.better
    ]


def show_tournament(result: Tournament) -> None:
    """Print a tournament to stdout."""
    Console().print(render(result), soft_wrap=False)
