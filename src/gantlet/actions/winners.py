"""Which side wins: differences with corrected p-values, what they could have found, and the verdict in words."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from scipy.special import ndtr

from gantlet.core.results.comparison import Better, Comparison, Difference
from gantlet.core.results.estimate import Estimate, count_text, is_share
from gantlet.core.results.misses import Miss
from gantlet.core.results.runs import MethodDifference
from gantlet.core.words import counted
from gantlet.evaluation.class_differences import listed
from gantlet.evaluation.inference.difference import interval_variance
from gantlet.evaluation.inference.holm import holm_adjusted
from gantlet.evaluation.inference.intervals import quantile
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.standing import FEWEST

SHARES = (0.05, 0.1, 0.2, 0.5, 1.0)
TENTH = 0.1
ONE_RUN = (
    "one set of images per side: this is about two checkpoints, not about two methods, whose next runs may come out the other way; "
    "several runs per side tell (gantlet compare --a 'RUNS*' --b 'RUNS*')"
)
POWER = 0.8
"""The probability with which a difference of ``Difference.detectable`` is found."""


def conclude(
    differences: list[Difference],
    left_out: dict[str, str],
    names: tuple[str, str, str],
    features: str,
    level: float,
    *,
    notes: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
    misses: dict[str, tuple[Miss, ...]] | None = None,
    first_asked: bool = True,
) -> Comparison:
    """Return the comparison of A and B with real images (their ``names``), with corrected p-values and a verdict in words.

    ``first_asked``: whether the first of the differences is of the metric that was asked for first.
    """
    corrected = [
        _detectable(difference, len(differences), level) for difference in correct_p_values(differences, level)
    ]
    return Comparison(
        *names, features, level, tuple(corrected), " ".join((verdict(corrected, level, left_out, first_asked=first_asked), *_missing(misses or {}))), left_out,
        (*notes, ONE_RUN), warnings,
        corrected[0].metric if corrected else "", misses or {},
    )  # fmt: skip


NAMED = 5
"""How many classes or modes that a side misses the verdict names."""


def _missing(misses: Mapping[str, Sequence[Miss]]) -> list[str]:
    """Return what each side misses altogether: no metric need see it, and none of them outweighs it."""
    lines = []
    for side, found in misses.items():
        names = [miss.name for miss in found if miss.what == "missing"]
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            lines.append(f"{side} shows nothing of {', '.join(names[:NAMED])}{more}, which real images show.")
    return lines


def unequal(a: Estimate, b: Estimate, names: tuple[str, str] = ("A", "B")) -> str:
    """Return why two estimates of one metric are not comparable, where they rest on other numbers of images; else ''."""
    if a.n_fake == b.n_fake or METRICS.entry(a.metric).meta.any_n:
        return ""
    return (
        f"{names[0]} is of {counted(a.n_fake, 'image')}, {names[1]} of {count_text(b.n_fake)}, and the metric depends on their number; "
        "compare equally many"
    )


def unpaired(title: str, a: Estimate, b: Estimate) -> Difference | None:
    """Return A − B with both intervals added as if independent; None where an interval is missing."""
    variances = [interval_variance(estimate) for estimate in (a, b)]
    if variances[0] is None or variances[1] is None:
        return None
    return by_variance(title, a, b, variances[0] + variances[1], a.level, paired=False)


def by_variance(title: str, a: Estimate, b: Estimate, variance: float, level: float, *, paired: bool) -> Difference:
    """Return A − B with its interval and p-value from the variance of the difference.

    Where a number is the aim (``details.aim``: 0.5 for a two-sample test, the real images' sharpness), the difference is the
    one of the distances from it: beyond the aim is no better.
    """
    assert a.value is not None and b.value is not None and a.lower_is_better is not None
    aim = a.details.get("aim")
    notes = tuple(dict.fromkeys((*a.notes, *b.notes)))
    lower, values = a.lower_is_better, (a.value, b.value)
    if isinstance(aim, int | float):
        lower, values = True, (abs(a.value - aim), abs(b.value - aim))
        notes += (f"A and B are compared by their distance from {aim:.4g}, which is the aim",)
    difference, error = values[0] - values[1], math.sqrt(variance)
    p_value = math.erfc(abs(difference) / (error * math.sqrt(2))) if error > 0 else float(difference == 0)
    if (exact := METRICS.entry(a.metric).meta.no_difference) is not None:
        p_value = exact(a, b)
        error = max(error, abs(difference) / quantile(1 - min(p_value, 0.99)))
    half = quantile(level) * error
    return Difference(
        title, a.value, b.value, difference, difference - half, difference + half, p_value, p_value, "", paired,
        lower, a.n_fake, b.n_fake, notes, aim=float(aim) if isinstance(aim, int | float) else None,
    )  # fmt: skip


D = TypeVar("D", Difference, MethodDifference)


def correct_p_values(differences: list[D], level: float) -> list[D]:
    """Return the differences with p-values corrected for their number (Holm), and the winner where one is ≤ 1 − level."""
    adjusted = holm_adjusted(np.array([d.p_value for d in differences], dtype=np.float64))
    result = list[D]()
    for entry, p_holm in zip(differences, adjusted, strict=True):
        better: Better = ""
        if p_holm <= 1 - level:
            better = "A" if (entry.difference < 0) == entry.lower_is_better else "B"
        result.append(dataclasses.replace(entry, p_holm=float(p_holm), better=better))
    return result


def _detectable(entry: Difference, count: int, level: float) -> Difference:
    """Return the difference with what would be found with probability 80% after the correction for ``count`` metrics, and the power curve.

    Detectable: (z_c + z at the power) times the standard error, z_c = z at 1 − (1 − level)/count. Power of δ: Φ(δ/error − z_c) + Φ(−δ/error − z_c).
    """
    error = (entry.high - entry.difference) / quantile(level)
    if error <= 0:
        return entry
    critical = quantile(1 - (1 - level) / count)
    detectable = (critical + quantile(2 * POWER - 1)) * error
    found = dataclasses.replace(entry, detectable=detectable)
    if entry.a <= 0 or entry.aim is not None:
        return found
    ratios = np.array(SHARES) * entry.a / error
    power = ndtr(ratios - critical) + ndtr(-ratios - critical)
    n = min((m for m in (entry.n_a, entry.n_b) if m), default=None)
    images = None if n is None or n < FEWEST else max(2, math.ceil(n * (detectable / (TENTH * entry.a)) ** 2))
    return dataclasses.replace(found, power=tuple(zip(SHARES, power.tolist(), strict=True)), images_for_tenth=images)


def verdict(differences: list[Difference], level: float, left_out: dict[str, str], *, first_asked: bool = True) -> str:
    """Return what the primary metric says, the first asked for, and what the others say beside it.

    ``first_asked``: whether it is; else the one asked for could not be compared, which is said.

    Where nothing was found, it says what difference would have been found; metrics that could not be compared are named.
    """
    if not differences:
        why = next((f" ({name}: {reason})" for name, reason in left_out.items()), "")
        return f"A and B were not compared: no metric could be{why}."
    primary, others = differences[0], differences[1:]
    lines = [_of_primary(primary, first_asked), _of_others(others, primary.better)]
    at = f"at {level:.0%}, corrected for {counted(len(differences), 'comparison')}" if others else f"at {level:.0%}"
    without = f" Not compared: {listed(list(left_out))}." if left_out else ""
    return " ".join(line for line in lines if line)[:-1] + f" ({at}).{without}"


def _of_primary(d: Difference, first_asked: bool) -> str:
    named = f"{d.metric}, {'the primary metric' if first_asked else 'the first metric that could be compared'}"
    if d.better:
        other = "B" if d.better == "A" else "A"
        values = (d.a, d.b) if d.better == "A" else (d.b, d.a)
        return (
            f"{d.better} is better by {named}: {values[0]:.4g} against {values[1]:.4g} of {other} (p = {d.p_holm:.1g})."
        )
    told = d.detectable is not None and 0 < d.detectable <= 10 * d.a  # of a value about 0 a share says nothing
    share = f" ({d.detectable / d.a:.0%} of A's {d.a:.4g})" if told and d.detectable is not None else ""
    found = "" if d.detectable is None else would_be_found(d.metric, d.detectable, share)
    said = "; ".join(filter(None, [at_an_end(d.metric, d.a, d.b, d.aim), found]))
    return f"No clear difference between A and B by {named}{f': {said}' if said else ''}."


def at_an_end(title: str, a: float, b: float, aim: float | None) -> str:
    """Return what it means that a share is 0 or 1 on both sides, an end beyond which they cannot differ; '' elsewhere."""
    if a != b or a not in (0.0, 1.0) or aim is not None:
        return ""
    meta = METRICS.entry(title.partition(" in ")[0]).meta
    if not is_share(meta.unit):
        return ""
    end = "worst" if (a == 0.0) != meta.lower_is_better else "best"
    return f"it is {a:.0f} for both, the {end} that it can be, and so does not tell which is better"


def would_be_found(title: str, detectable: float, share: str = "") -> str:
    """Return what difference would have been found; of a share one beyond 1 is none that it can have. ``share``: of A's number, in brackets."""
    if detectable > 1 and is_share(METRICS.entry(title.partition(" in ")[0]).meta.unit):
        return "with so few no difference that it can have would have been found in 8 of 10 cases"
    return f"a difference of {detectable:.3g}{share} would have been found in 8 of 10 cases"


def _of_others(others: list[Difference], winner: str) -> str:
    if not others:
        return ""
    wins = {side: [d for d in others if d.better == side] for side in ("A", "B")}
    parts = [
        f"{side} is better on {len(found)} ({'; '.join(_named(d, winner) for d in found)})"
        for side, found in wins.items()
        if found
    ]
    if not parts:
        return none_differ(others)
    return f"Beside it, of {counted(len(others), 'further metric')}, {', '.join(parts)}."


def none_differ(others: Sequence[Difference] | Sequence[MethodDifference]) -> str:
    """Return that no metric beside the first shows a difference."""
    return (
        "The one further metric does not differ."
        if len(others) == 1
        else f"None of {counted(len(others), 'further metric')} differs."
    )


def _named(d: Difference, winner: str) -> str:
    """Return the metric, and when it may be misled where it disagrees with the primary one."""
    misled = METRICS.entry(d.metric.partition(" in ")[0]).meta.misled
    return f"{d.metric}: {misled}" if misled and d.better != winner else d.metric
