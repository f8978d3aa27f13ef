"""The gate of an evaluation: conditions are checked before any work, and tested on the report afterwards."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

from scipy.stats import beta

from gantlet.core.calls import called, shown
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import GantletError, UnknownName, UsageError
from gantlet.core.results.estimate import Estimate, is_share
from gantlet.core.results.gate import COUNTS, Check, Condition, Gate, read_condition
from gantlet.core.results.report import UNMATCHED, Report
from gantlet.core.specs import parse_spec, split_specs
from gantlet.core.words import counted
from gantlet.data.opening import resolve_source
from gantlet.evaluation.compute import resolve
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.mode_sentences import unseen_rarity
from gantlet.evaluation.protocols import fixed
from gantlet.evaluation.standing import standings
from gantlet.evaluation.verdict import FAULTS, NO_SIGN

UNSEEN = 0.1
"""The share of copies that may go unseen, at most, where none is counted as none: 44 images show one of a generator that copies more."""
ABSENT = 0.85
"""Modes, which are clusters, tell that none is missing where none could be made so much too rarely and go unseen."""


LINES = {"faults": FAULTS, "memorised": ("memorised",)}
"""Counts of lines of the verdict, by their kinds."""


def read_conditions(texts: Iterable[str]) -> list[Condition]:
    """Read conditions; raises UsageError, and UnknownName for one that names no metric and no count."""
    conditions = [read_condition(text) for text in texts]
    for condition in conditions:
        condition.require_open(*_range(condition.name))
    return conditions


def _range(name: str) -> tuple[float, float]:
    """Return the least and the largest number that a metric or a count can be; raises UnknownName, which has the counts among its names."""
    if name in COUNTS:
        return 0.0, math.inf
    try:
        unit = resolve(name)[0].meta.unit
    except UnknownName as error:
        if error.kind != METRICS.kind:
            raise
        raise UnknownName("metric or count", error.name, [*error.choices, *COUNTS], "gantlet list metrics") from error
    return (0.0, 1.0) if is_share(unit) else (-math.inf, math.inf)


def with_metrics(config: EvaluateConfig, conditions: Sequence[Condition]) -> tuple[EvaluateConfig, list[str]]:
    """Return the configuration that also asks for the metrics of the conditions, and those that were added.

    Raises: UsageError for a feature space that is not asked for, and for a metric beside those that a protocol fixes.
    """
    spaces = split_specs(config.features)
    asked = metric_names(fixed(config), own_classes=False)
    added: list[str] = []
    for condition in conditions:
        if condition.space and condition.space not in spaces:
            raise UsageError(
                f"{condition.text!r}: {condition.space} is not among the features asked for ({config.features})"
            )
        names = [parse_spec(spec)[0] for spec in (*asked, *added)]
        if condition.name in COUNTS or condition.name in (*asked, *added) or condition.name in names:
            continue
        if config.protocol:
            raise UsageError(
                f"{condition.text!r}: protocol {config.protocol} computes {', '.join(asked)} and nothing else; gate these, or leave "
                "--protocol out"
            )
        added.append(condition.name)
    return dataclasses.replace(config, metrics=(*config.metrics, *added)) if added else config, added


@called
def gate(report: Report | Path | str, conditions: str | Iterable[str | Condition]) -> Gate:
    """Test a report by conditions under which it must not pass: ``gantlet.gate(report, ["coverage < 0.9", "copies > 0"])``.

    Args: report: a Report, or the path of one (report.json, or its folder); conditions: several, or one alone.

    A condition is compared with the pessimistic end of the interval, or with what ``value:``, ``low:`` or ``high:`` before it names.
    Returns: the Gate; a number that is undefined, was not computed or has no interval makes its check undefined, never passed.
    Raises: UsageError, UnknownName for a condition that cannot be read, or that holds or fails whatever the number is; DataError for a
    path without a report.
    """
    if isinstance(report, str | PathLike):
        report = Report.load(report)
    if not isinstance(report, Report):
        raise UsageError(f"gantlet.gate: report must be a Report or the path of one; got {shown(report)}")
    several = [conditions] if isinstance(conditions, str) else conditions
    several = list(several) if isinstance(several, Iterable) else None
    if several is None or not all(isinstance(each, str | Condition) for each in several):
        raise UsageError(f"gantlet.gate: conditions must be texts such as 'coverage < 0.9'; got {shown(conditions)}")
    read = [read_conditions([each])[0] if isinstance(each, str) else each for each in several]
    return Gate(tuple(check for condition in read for check in _checks(report, condition)))


def _checks(report: Report, condition: Condition) -> list[Check]:
    if condition.name in COUNTS:
        return [_of_count(report, condition)]
    name = parse_spec(condition.name)[0]
    only = str(report.features.get("name", ""))  # of a report with one space, whose estimates do not name it
    alone = bool(condition.space) and parse_spec(condition.space)[0] == only
    estimates = [
        e
        for e in report.estimates
        if e.metric == name and (condition.space in ("", e.features) or (alone and not e.features))
    ]
    if not estimates:
        return [Check(condition.text, "undefined", f"{name} was not computed for these images")]
    return [_of_estimate(condition, estimate) for estimate in estimates]


def _of_estimate(condition: Condition, estimate: Estimate) -> Check:
    number = condition.end_of(estimate)
    if estimate.value is None:
        reasons = "; ".join(note.removeprefix("undefined: ") for note in estimate.notes)
        return Check(condition.text, "undefined", f"{estimate.title} is undefined: {reasons}")
    if number is None:
        return Check(
            condition.text,
            "undefined",
            f"{estimate.title} = {estimate.value:.4g} has no interval; write 'value:{condition.text}' to compare the value itself",
        )
    holds = condition.holds(number)
    compared = "its value" if number == estimate.value else f"the {_end(condition)} end of its interval, {number:.4g},"
    return Check(
        condition.text,
        "failed" if holds else "passed",
        f"{estimate.title} = {estimate.text}: {compared} is {'' if holds else 'not '}{condition.operator} {condition.bound:g}",
    )


def _end(condition: Condition) -> str:
    if condition.end in ("low", "high"):
        return condition.end
    return "low" if condition.operator.startswith("<") else "high"


def _of_count(report: Report, condition: Condition) -> Check:
    if condition.name == "copies" and any(map(_is_statistics, (report.real, report.fake))):
        return Check(condition.text, "undefined", "a statistics file holds no images, so that copies cannot be counted")
    told = any(found.copied for found in report.exact_copies)
    doubtful = [found for found in report.exact_copies if found.undecided and not told]
    if condition.name == "copies" and doubtful:
        given = "the held-out images that were given were set aside" if "held-out" in report.digests else ""
        said = doubtful[0].said("generated image", f"{doubtful[0].among} images", given)
        return Check(condition.text, "undefined", said[-1][1])
    number = _count(report, condition.name)
    holds = condition.holds(number)
    shown = _pictures(report)
    unseen = "" if holds or condition.name != "copies" or not shown else _unseen_copies(number, shown)
    if not holds and (reason := _untold(report, condition.name, number)):
        return Check(condition.text, "undefined", f"{condition.name} = {number}, but {reason}")
    found = (
        f"{condition.name} = {number}: it is {'' if holds else 'not '}{condition.operator} {condition.bound:g}{unseen}"
    )
    return Check(condition.text, "failed" if holds else "passed", found)


def _pictures(report: Report) -> int:
    """Return how many different images were generated: one that is repeated is one draw."""
    return (report.n_fake or 0) if report.distinct_fakes is None else report.distinct_fakes


def _copied_at_most(number: int, n: int) -> float:
    """Return the largest share of copies with which so few among n draws have a chance of ALPHA (Clopper and Pearson 1934, one-sided)."""
    return 1.0 if number >= n else float(beta.ppf(1 - ALPHA, number + 1, n - number))


def _unseen_copies(number: int, n: int) -> str:
    return f" ({counted(n, 'image')}; a generator that copies {100 * _copied_at_most(number, n):.2g}% of the time could have shown so few)"


def _untold(report: Report, name: str, number: int) -> str:
    """Return why a count that found nothing, or little, does not tell that there is nothing; '' where it does."""
    if name == "faults" and not number:
        found = standings(report.estimates, report.estimates[0].level) if report.estimates else ()
        states = [each.state for each in found]
        few = states.count("as good") < max(1, states.count("unclear"))
        return "too little could be tested to tell that there is none" if few else ""
    if name == "copies" and (shown := _pictures(report)) and (share := _copied_at_most(number, shown)) > UNSEEN:
        images = counted(shown, "image" if shown == report.n_fake else "different image")
        return f"among {images} a generator that copies {share:.0%} of the time could have shown so few: more images would tell"
    if name == "memorised" and not number and not any(NO_SIGN in line for line in report.verdict):
        return "near copies could not be told from none: give training and held-out images, or more of them (--train, --held-out)"
    return _unseen_classes(report) if name == "missing" else ""


def _unseen_classes(report: Report) -> str:
    """Return why it cannot be told that no class or mode is missing; '' where it can."""
    counted = report.classes or report.modes
    named = [mode.name for mode in counted if mode.n_real and mode.verdict == UNMATCHED]
    absent = [mode.name for mode in counted if mode.n_real and not mode.n_fake and not mode.verdict]
    dim = [
        share.name
        for share in report.class_shares
        if share.verdict != "missing" and (share.verdict == "rare" or share.share < share.least / 2)
    ]
    reasons = [
        f"{named[0]} may be a class that the generated images name otherwise: say which is which (--classes)"
        if named
        else "",
        "" if counted else "no classes or modes could be counted: give labels, or more images",
        f"{absent[0]} has no generated image, which may be chance: more images would tell" if absent else "",
        f"whether class {dim[0]} is there cannot be told: no labels that both sides share say so" if dim else "",
    ]
    present = [mode for mode in counted if mode.n_real and mode.verdict not in ("missing", UNMATCHED)]
    if not any(reasons) and not report.classes and present and unseen_rarity(present, 1 - ALPHA) > ABSENT:
        reasons.append("with so few images one that is hardly ever made could have gone unseen")
    return next(filter(None, reasons), "")


def _count(report: Report, name: str) -> int:
    if name == "copies":
        return max((found.copied for found in report.exact_copies), default=0)
    if name in LINES:
        return sum(line.partition(": ")[0] in LINES[name] for line in report.verdict[1:])
    counted = [(mode.name, mode.verdict) for mode in (*report.modes, *report.classes)]
    counted += [(share.name, share.verdict) for share in report.class_shares]
    return len({name for name, verdict in counted if verdict == "missing"})


def _is_statistics(spec: str) -> bool:
    try:
        return resolve_source(spec)[0] == "statistics"
    except GantletError:  # images that a program gave
        return False
