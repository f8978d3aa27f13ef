"""What the trials of a tournament say: curves of the best of k, fresh seeds, pairs of methods, and the verdict."""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from gantlet.actions.tournament_trials import Protocol
from gantlet.core.results.tournament import Budget, Contender, Pair, Seeds, Tournament, Trial
from gantlet.core.words import every, some_of
from gantlet.evaluation.inference.best_of import best_of
from gantlet.evaluation.inference.holm import holm_adjusted
from gantlet.evaluation.inference.runs import difference_over_runs, over_runs

Results = Mapping[int, Trial]


def assembled(
    protocol: Protocol, lower_is_better: bool, level: float, found: Sequence[tuple[str, Results, Results]]
) -> Tournament:
    """Return the tournament's result; ``found``: each recipe with the results of its search and of its fresh seeds."""
    sign = 1.0 if lower_is_better else -1.0
    contenders = tuple(_contender(recipe, search, seeds, sign, level) for recipe, search, seeds in found)
    contenders = tuple(sorted(contenders, key=lambda one: math.inf if one.best is None else sign * one.best.mean))
    pairs = _pairs(contenders, sign, level)
    return Tournament(
        protocol.metric,
        lower_is_better,
        protocol.data,
        protocol.features,
        level,
        max(len(search) for _, search, _ in found),
        protocol.steps,
        contenders,
        pairs,
        _verdict(contenders, pairs, level),
        _notes(contenders, protocol),
    )


def _contender(recipe: str, search: Results, seeds: Results, sign: float, level: float) -> Contender:
    trials = tuple(search.values())
    curve = tuple(_budget(trials, k, sign, level) for k in _sizes(len(trials)))
    fresh = tuple(seeds.values())
    settings = fresh[0].values if fresh else {}
    return Contender(
        recipe,
        trials,
        curve,
        settings,
        fresh,
        _seeds([t.best for t in fresh], level),
        _seeds([t.final for t in fresh], level),
    )


def _sizes(n: int) -> list[int]:
    """Return 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, … up to n, and n."""
    steps = (10**power * part for power in range(6) for part in (1, 1.5, 2, 3, 5, 7))
    return sorted({int(k) for k in steps if k <= n} | {n})


def _budget(trials: Sequence[Trial], k: int, sign: float, level: float) -> Budget:
    scores = [math.inf if trial.best is None else sign * trial.best for trial in trials]
    one = best_of(scores, k, level)
    back = [None if value is None else sign * value for value in (one.median, one.low, one.high, one.mean)]
    low, high = (back[1], back[2]) if sign > 0 else (back[2], back[1])
    seconds = k * float(np.mean([trial.seconds for trial in trials]))
    return Budget(k, seconds, back[0], low, high, back[3])


def _seeds(values: Sequence[float | None], level: float) -> Seeds | None:
    ended = [value for value in values if value is not None]
    if len(ended) < 2:
        return None
    found = over_runs(ended, None, None, level)
    return Seeds(found.mean, found.low, found.high, len(ended))


def _pairs(contenders: Sequence[Contender], sign: float, level: float) -> tuple[Pair, ...]:
    compared = [pair for pair in itertools.combinations(contenders, 2) if pair[0].best and pair[1].best]
    found = [difference_over_runs(_ended(a.seeds), _ended(b.seeds), 0.0, level) for a, b in compared]
    adjusted = holm_adjusted(np.array([each.p_value for each in found], dtype=np.float64))
    pairs = []
    for (a, b), each, p in zip(compared, found, adjusted, strict=True):
        better = "" if p > 1 - level else (a.recipe if sign * each.difference < 0 else b.recipe)
        pairs.append(Pair(a.recipe, b.recipe, each.difference, each.low, each.high, float(p), better))
    return tuple(pairs)


def _ended(trials: Sequence[Trial]) -> list[float]:
    return [trial.best for trial in trials if trial.best is not None]


def _verdict(contenders: Sequence[Contender], pairs: Sequence[Pair], level: float) -> tuple[str, ...]:
    """Return the verdict: first whether one method is distinguishable from all others, then who beats whom, then who failed."""
    ranked = [one for one in contenders if one.best is not None]
    if not ranked:
        return ("unclear: no method has two fresh seeds that ended: nothing can be compared.",)
    leader = ranked[0].recipe
    rivals = [pair for pair in pairs if leader in (pair.a, pair.b)]
    open_against = [pair.b if pair.a == leader else pair.a for pair in rivals if not pair.better]
    told = sum(bool(pair.better) for pair in pairs)
    if not rivals:
        first = f"unclear: {leader} alone has two fresh seeds that ended."
    elif open_against:
        first = f"unclear: {leader} is first in the mean, and not distinguishable from {', '.join(open_against)}."
    else:
        first = f"good: {leader} is distinguishable from, and better than, {every(len(rivals), 'other')}."
    kind = "good" if told else "unclear"
    lines = [
        first,
        f"{kind}: {some_of(told, len(pairs), 'pair', 'are')} distinguishable (Welch's test over fresh seeds, {1 - level:.0%} after Holm's correction).",
    ]
    lines += [f"caution: {one.recipe}: {_failed(one)}" for one in contenders if _failed(one)]
    return tuple(lines)


def _failed(one: Contender) -> str:
    """Return how many trials failed, in words; ''."""
    parts = []
    for what, trials in (("setting", one.search), ("fresh seed", one.seeds)):
        count = sum(bool(trial.failed) for trial in trials)
        parts += [f"{some_of(count, len(trials), what)} failed"] if count else []
    return f"{', '.join(parts)}." if parts else ""


def _notes(contenders: Sequence[Contender], protocol: Protocol) -> tuple[str, ...]:
    notes = [
        "a search's settings are random draws from the ranges of gantlet explain RECIPE; the best of them, by its best checkpoint, ran on fresh seeds",
        "intervals over fresh seeds are about these real images, and about this setting: another search would have found another",
        "best of k: the median over searches of k trials, with an interval of order statistics; an end that is left out is not told by so few trials",
    ]
    if not protocol.steps:
        notes.append(
            "each method took its recipe's own number of steps: give --steps for equal numbers of discriminator steps"
        )
    if any(trial.failed for one in contenders for trial in (*one.search, *one.seeds)):
        notes.append(
            "a failed trial is worse than any other in the curves, and is left out of the means over fresh seeds"
        )
    return tuple(notes)
