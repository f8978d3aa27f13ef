"""Compare two methods, each by several of its runs, against the same real images."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from gantlet.actions.places import require_places
from gantlet.actions.run_sources import equally_many, expanded, of_method, open_runs
from gantlet.actions.runs_page import write_methods
from gantlet.actions.settings import EvaluateSettings
from gantlet.actions.winners import at_an_end, correct_p_values, none_differ, would_be_found
from gantlet.core.calls import called, texts
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import UsageError
from gantlet.core.files import as_path
from gantlet.core.output import METHODS
from gantlet.core.processes import processes
from gantlet.core.results.runs import MethodDifference, RunsComparison, RunsEstimate
from gantlet.core.toml_config import updated
from gantlet.core.words import counted
from gantlet.data.drawn import Latent
from gantlet.data.given import text_of
from gantlet.data.kinds import Source
from gantlet.evaluation.assemble import said_of_unseen
from gantlet.evaluation.compute import FOREIGN
from gantlet.evaluation.formats import answered
from gantlet.evaluation.inference.runs import difference_over_runs, runs_to_show
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.opening import default_n, generated_shape, open_given, require_same_kind, take_given
from gantlet.evaluation.prepare import prepare
from gantlet.evaluation.protocols import fixed
from gantlet.evaluation.several_runs import MeasuredRuns, Parts, measure_runs, shared_variance
from gantlet.evaluation.sides import Progress, Space, nothing


@called
def compare_runs(
    a: Sequence[Any] | str,
    b: Sequence[Any] | str,
    real: Any,
    config: EvaluateConfig | None = None,
    *,
    range: str = "",
    latent: Latent = 0,
    out: Path | str | None = None,
    notes: Sequence[str] = (),
    progress: Progress = nothing,
    **settings: Unpack[EvaluateSettings],
) -> RunsComparison:
    """Is method A better than method B? Several runs of each, Welch's test over the runs, Holm's correction over the metrics.

    >>> gantlet.compare_runs("runs/dcgan-*", "runs/r3gan-*", "photos/")  # doctest: +SKIP

    The shared real images' error cancels to first order; what remains of it, known by the influence at every real image, is added.

    Args: a, b: as runs of `evaluate_runs`, at least two each; real, config, range, latent, progress and the keywords: as there; out: a folder for
    methods.html and methods.json; notes: sentences of yours that the result repeats among its own.
    Raises: as `evaluate_runs`; UsageError where a run is on both sides.
    """
    plain, given = take_given(settings, range)
    config = fixed(updated(EvaluateConfig, config, plain, "gantlet.compare_runs"))
    metric_names(config)
    own = tuple(texts("gantlet.compare_runs: notes", notes))
    sides = [expanded(of_method(name, side)) for name, side in (("a", a), ("b", b))]
    place = None if out is None else as_path(out, "out")
    require_places(place, [*sides[0], *sides[1], real], config, METHODS)
    target = open_given("real", text_of(real), range)
    n = default_n(config, target, given)
    opened, said = _opened(sides, config, n, range, latent)
    for source in (*opened[0], *opened[1]):
        require_same_kind(target, source)
    spaces = prepare(target, config, progress, generated_shape(opened[0][0]), given)
    measured = [measure_runs(spaces, sources) for sources in opened]
    result = _result(measured, spaces, (*own, *said))
    if place is not None:
        processes().first(lambda: write_methods(place, result))
    return result


def _opened(
    sides: list[list[Any]], config: EvaluateConfig, n: int, range: str, latent: Latent
) -> tuple[list[list[Source]], tuple[str, ...]]:
    """Open both sides, all runs at equal numbers, with notes; no run is on both."""
    opened, said = list[list[Source]](), list[str]()
    for place, (name, words) in enumerate(zip("AB", sides, strict=True)):
        seeds = dataclasses.replace(config, seed=config.seed + place * len(sides[0]))
        sources, notes = open_runs(words, seeds, n, range=range, latent=latent)
        opened.append(sources)
        said += [f"{name}: {note}" for note in notes]
    both = {source.digest: source.spec for source in opened[0]}
    for source in opened[1]:
        if source.digest in both:
            raise UsageError(f"{source.spec} is a run of A ({both[source.digest]}) and of B; give each run once")
    kept, notes = equally_many([*opened[0], *opened[1]], config.seed)
    count = len(opened[0])
    return [kept[:count], kept[count:]], (*said, *notes)


def _result(measured: list[MeasuredRuns], spaces: Sequence[Space], notes: tuple[str, ...]) -> RunsComparison:
    level = spaces[0].config.level
    (first, left_a), (second, left_b) = (side.over_runs(level) for side in measured)
    left_out = {**left_b, **left_a}
    others = {each.title: each for each in second}
    pairs = []
    for each in first:
        if each.title not in others:
            continue
        if each.estimate.lower_is_better is None:
            left_out[each.title] = "no direction of it is better"
        elif not each.estimate.votes:
            left_out[each.title] = FOREIGN
        else:
            pairs.append((each, others[each.title]))
    found = [_difference(one, other, measured, level, len(pairs)) for one, other in pairs]
    corrected = tuple(correct_p_values(found, level))
    return RunsComparison(
        measured[0].names, measured[1].names, spaces[0].real.source.spec,
        ", ".join(space.extractor.identity["name"] for space in spaces), level, corrected,
        verdict(corrected, tuple(len(side.names) for side in measured), level), left_out,
        answered((*notes, *said_of_unseen(spaces[0])), spaces[0].config.groups), tuple(dict.fromkeys(line for side in measured for line in side.warnings)),
    )  # fmt: skip


def _difference(
    a: RunsEstimate, b: RunsEstimate, measured: list[MeasuredRuns], level: float, count: int
) -> MethodDifference:
    """Return A less B of one metric; of one with a number as its aim, of the distances from it."""
    aim = a.estimate.details.get("aim")
    values = [[each.value or 0.0 for each in side.runs] for side in (a, b)]
    lower = bool(a.estimate.lower_is_better)
    if isinstance(aim, int | float):
        lower, values = True, [[abs(value - aim) for value in side] for side in values]
    parts = [[each[a.title] for each in side.parts] for side in measured]
    known: list[list[Parts]] = [[part for part in side if part is not None] for side in parts]
    whole = len(known[0]) == len(parts[0]) and len(known[1]) == len(parts[1])
    shared = shared_variance(known[0], known[1]) if whole and known[0] else 0.0
    test = difference_over_runs(values[0], values[1], shared, level, count)
    spreads = tuple(float(np.var(side, ddof=1)) for side in values)
    mean = a.estimate.value or 0.0
    plan = [
        runs_to_show(gap, (spreads[0], spreads[1]), shared, level, count) if gap > 0 else None
        for gap in (abs(test.difference), 0.0 if isinstance(aim, int | float) else mean / 10)
    ]
    return MethodDifference(
        a.title, a, b, test.difference, test.low, test.high, test.p_value, test.p_value, "", lower, test.detectable,
        plan[0], plan[1], float(aim) if isinstance(aim, int | float) else None,
    )  # fmt: skip


def verdict(found: Sequence[MethodDifference], runs: tuple[int, ...], level: float) -> str:
    """Return what the first metric says of the two methods, and the others beside it."""
    if not found:
        return "A and B were not compared: no metric could be."
    first, others = found[0], found[1:]
    at = f"at {level:.0%}, {counted(runs[0], 'run')} of A and {runs[1]} of B, corrected for {counted(len(found), 'metric')}"
    means = f"{first.a.estimate.value:.4g} of A and {first.b.estimate.value:.4g} of B, means over runs"
    if first.better:
        lead = (
            f"Method {first.better} is better by {first.metric}, the primary metric ({means}; p = {first.p_holm:.1g})."
        )
    else:
        mean = first.a.estimate.value or 0.0
        detectable = first.detectable
        share = (
            f" ({detectable / mean:.0%} of A's)" if detectable and detectable < 2 * mean and first.aim is None else ""
        )
        more = (
            f"; {counted(first.runs_for_this, 'run')} each would show a difference as large as the one seen"
            if first.runs_for_this and first.runs_for_this > max(runs)
            else ""
        )
        power = (
            "no run differs from another"
            if detectable is None
            else would_be_found(first.metric, detectable, share) + more
        )
        end = at_an_end(first.metric, first.a.estimate.value or 0.0, first.b.estimate.value or 0.0, first.aim)
        lead = f"The methods cannot be told apart by {first.metric}, the primary metric ({means}): {end or power}."
    wins = [f"{each.better} by {each.metric}" for each in others if each.better]
    beside = f" Beside it: {', '.join(wins)}." if wins else f" {none_differ(others)}" if others else ""
    return f"{lead}{beside} ({at})"
