"""Cards of results about several runs, methods or evaluations, and of a gate: verdict and numbers, as `cards` draws them."""

from gantlet.core.results.cards import bar, card, dim, table, text, verdict_line
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.gate import Gate
from gantlet.core.results.leaderboard import Leaderboard
from gantlet.core.results.marks import ARROWS
from gantlet.core.results.runs import RunsComparison, RunsReport
from gantlet.core.results.tournament import Seeds, Tournament
from gantlet.core.words import counted

KINDS = {"passed": "good", "failed": "poor", "undefined": "unclear"}
"""Each state of a check as the kind of a verdict's line, which has its mark."""


def runs_card(result: RunsReport) -> str:
    """Return verdict, means with intervals and a new run's range of a method."""
    rows = [
        (
            f"<b>{text(each.title)}</b> {ARROWS[each.estimate.lower_is_better]}",
            f"{each.estimate.value:.4g}",
            _between(each.estimate.low, each.estimate.high),
            bar(each.estimate),
            _between(each.new_low, each.new_high),
            _reference(each.estimate),
        )
        for each in result
    ]
    head = f"{counted(len(result.runs), 'run')} of one method against <b>{text(result.real)}</b>, features <b>{text(result.features)}</b>"
    columns = ("metric", "mean", f"{result.level:.0%} interval", "", "a new run", "real")
    notes = [*result.notes, *_left_out(result.left_out), *(f"Warning: {line}" for line in result.warnings)]
    return card(head, *map(verdict_line, result.verdict), table(columns, rows), *map(dim, notes))


def methods_card(result: RunsComparison) -> str:
    """Return verdict and differences of two methods."""
    head = (
        f"A: <b>{counted(len(result.a), 'run')}</b> ({text(result.a[0])} …) · B: <b>{counted(len(result.b), 'run')}</b> "
        f"({text(result.b[0])} …), against {text(result.real)}, features {text(result.features)}"
    )
    rows = [
        (
            f"<b>{text(each.metric)}</b> {ARROWS[each.lower_is_better]}", f"{each.a.estimate.value:.4g}", f"{each.b.estimate.value:.4g}",
            _between(each.low, each.high), f"{each.p_holm:.1g}", each.better,
        )
        for each in result
    ]  # fmt: skip
    columns = ("metric", "A", "B", "A − B, interval", "p", "better")
    notes = [*result.notes, *_left_out(result.left_out), *(f"Warning: {line}" for line in result.warnings)]
    return card(head, f"<p><b>{text(result.verdict)}</b></p>", table(columns, rows), *map(dim, notes))


def leaderboard_card(result: Leaderboard) -> str:
    """Return places, numbers with intervals and ties of a ranking."""
    rows = [
        (
            f"<b>{each.place}</b>", text(each.name), f"{each.estimate.value:.4g}", _between(each.estimate.low, each.estimate.high),
            text(", ".join(each.tied)) or "—",
        )
        for each in result
    ]  # fmt: skip
    head = (
        f"{text(result.metric)} {ARROWS[result.standings[0].estimate.lower_is_better]} of {counted(len(result.standings), 'set')} against "
        f"<b>{text(result.real)}</b>, features <b>{text(result.features)}</b>"
    )
    columns = ("place", "run", "value", f"{result.level:.0%} interval", "cannot be told apart from")
    notes = [*_left_out(result.left_out), *result.notes]
    return card(head, f"<p><b>{text(result.verdict)}</b></p>", table(columns, rows), *map(dim, notes))


def tournament_card(result: Tournament) -> str:
    """Return verdict and fresh seeds of each method."""
    rows = [
        (
            f"<b>{text(one.recipe)}</b>",
            _seeds(one.best),
            _seeds(one.final),
            str(len(one.seeds)),
            text(_settings(one.settings)),
        )
        for one in result
    ]
    head = (
        f"{counted(len(result.contenders), 'method')}, {counted(result.trials, 'setting')} each, on <b>{text(result.data)}</b>; "
        f"{text(result.metric)} {ARROWS[result.lower_is_better]}, features <b>{text(result.features)}</b>"
    )
    columns = ("method", "best checkpoint", "final checkpoint", "runs", "settings")
    return card(head, *map(verdict_line, result.verdict), table(columns, rows), *map(dim, result.notes))


def gate_card(gate: Gate) -> str:
    """Return the outcome of a gate and of each of its checks."""
    lines = [verdict_line(f"{KINDS[check.state]}: {check.condition}: {check.reason}") for check in gate.checks]
    return card(f"<b>{text(gate.text)}</b>", *lines)


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.4g} … {high:.4g}"


def _reference(estimate: Estimate) -> str:
    return "—" if estimate.reference is None or estimate.reference.value is None else f"{estimate.reference.value:.4g}"


def _seeds(seeds: Seeds | None) -> str:
    return "—" if seeds is None else f"{seeds.mean:.4g} [{seeds.low:.3g}, {seeds.high:.3g}]"


def _settings(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _left_out(left_out: dict[str, str]) -> list[str]:
    return [f"{metric}: {reason}" for metric, reason in left_out.items()]
