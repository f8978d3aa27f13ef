"""A Leaderboard as one self-contained page, and as a table for the terminal; renders, computes nothing."""

from collections.abc import Mapping, Sequence

from rich.console import Console, Group
from rich.text import Text

from gantlet.core.results.estimate import Estimate, count_text
from gantlet.core.results.leaderboard import Leaderboard
from gantlet.core.results.marks import ARROWS
from gantlet.core.visible import visible_in
from gantlet.reports.html import templates
from gantlet.reports.tables import Column, Fitted


def render(
    result: Leaderboard,
    strips: Mapping[str, Sequence[tuple[str, str]]],
    summaries: Mapping[str, str] | None = None,
) -> str:
    """Return the whole page as HTML text; it holds no script.

    Args: strips: by name (empty: real images), class and data URI of each picture; summaries: one line on each metric.
    """
    result, strips = visible_in(result), visible_in(dict(strips))
    return (
        templates()
        .get_template("leaderboard.html")
        .render(
            result=result,
            headline=headline(result),
            summary=(summaries or {}).get(result.metric.partition(" in ")[0], ""),
            summaries=summaries or {},
            direction=direction(result),
            places=positions(result),
            verdicts={(pair.a, pair.b): pair.difference for pair in result.pairs},
            strips=strips,
        )
    )


def headline(result: Leaderboard) -> str:
    """Return the ranking in one line."""
    leader, metric = result.standings[0], result.metric.replace("_", " ")
    if leader.tied:
        return f"{leader.name} leads by {metric}, not clearly"
    return f"{leader.name} is best by {metric}"


def direction(result: Leaderboard) -> str:
    """Return ↓, ↑ or the number that is the aim."""
    estimate = result.standings[0].estimate
    aim = estimate.details.get("aim")
    return f"→ {aim:.4g}" if isinstance(aim, int | float) else ARROWS[estimate.lower_is_better].strip()


def positions(result: Leaderboard) -> dict[str, dict[str, float]]:
    """Return where value, interval and reference of each stand on one common scale from 0 to 100 %."""
    numbers = [n for each in result for n in _numbers(each.estimate)]
    low, high = min(numbers), max(numbers)
    width = (high - low) or 1.0

    def place(number: float) -> float:
        return 4 + 92 * (number - low) / width

    spots = {}
    for each in result:
        e, reference = each.estimate, _reference(each.estimate)
        value = e.value or 0.0
        spots[each.name] = {
            "value": place(value),
            "low": place(value if e.low is None else e.low),
            "high": place(value if e.high is None else e.high),
            **({} if reference is None else {"reference": place(reference)}),
        }
    return spots


def _reference(estimate: Estimate) -> float | None:
    """Return the value of real images, where it is of the same numbers."""
    return estimate.reference.value if estimate.reference and estimate.equal_n is None else None


def _numbers(estimate: Estimate) -> list[float]:
    found = (estimate.value, estimate.low, estimate.high, _reference(estimate))
    return [number for number in found if number is not None]


def render_table(result: Leaderboard) -> Group:
    """Return the ranking as a renderable for the terminal."""
    result = visible_in(result)
    columns = [
        Column("run"), Column("place", right=True), Column(f"{result.metric} {direction(result)}", right=True, wraps=True),
        Column(f"{result.level:.0%} interval"), Column("real", 2, right=True, style="cyan"), Column("images", 1, right=True),
    ]  # fmt: skip
    rows = []
    for each in result:
        e, reference = each.estimate, each.estimate.reference
        interval = "—" if e.low is None or e.high is None else f"{e.low:.4g} … {e.high:.4g}"
        real = "—" if reference is None or reference.value is None else f"{reference.value:.4g}"
        rows.append((each.name, each.place, f"{e.value:.4g}", interval, real, count_text(e.n_fake)))
    remarks = [f"{each.name} cannot be told apart from {', '.join(each.tied)}" for each in result if each.tied]
    remarks += ["place: 1–3 where it may be first to third: it cannot be told apart from the others"] if remarks else []
    remarks += [f"{metric} does not rank them: {reason}" for metric, reason in result.left_out.items()]
    remarks += [f"{result.metric}: {note}" for note in result.notes]
    remarks.append("differences are unpaired, two separate intervals, which is cautious")
    style = "bold" if result.standings[0].tied else "bold green"
    head = Text.assemble("against ", (result.real, "bold"), f"; features {result.features}")
    return Group(
        Text(result.verdict, style=style), head, "", Fitted(columns, rows), "",
        *(Text(f"· {remark}", style="dim") for remark in remarks),
    )  # fmt: skip


def show(result: Leaderboard) -> None:
    """Print a leaderboard to stdout."""
    Console().print(render_table(result))
