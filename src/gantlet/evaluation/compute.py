"""Compute metrics on evidence: one Estimate per spec, stamped with what made it, or a reason why there is none."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from gantlet.core.errors import GantletError, MetricFailed, ShapeError, TooFewSamples
from gantlet.core.interfaces.metadata import MetricMetadata
from gantlet.core.numerics.mapped import return_freed_memory
from gantlet.core.registry import Entry
from gantlet.core.results.estimate import Estimate, is_share
from gantlet.core.specs import parse_spec, typed_options
from gantlet.core.words import some_of
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.groups import clustered
from gantlet.evaluation.measurement import NO_BOUNDS, Absent, Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.need import Gathered, Need, OfClasses
from gantlet.evaluation.needs import NEEDS
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.bank import own_classes
from gantlet.evaluation.stats.spread import FEWEST_CARRIERS, carriers

FOREIGN = "its classes are the extractor's and not the data's own: no verdict rests on it"

LARGEST = 1e9
"""Features beyond this may have sums of powers that no float holds."""


def compute(evidence: Evidence, names: Sequence[str], progress: Callable[[str], None] | None = None) -> list[Estimate]:
    """Return one Estimate for each spec (``precision``, ``precision[k=5]``), in order; ``all`` stands for every metric.

    A metric whose needs are not met, or that has too few samples, has value None and the reason in its notes.
    ``progress`` is called with each name before its metric is computed. Raises UnknownName before computing anything.
    """
    wanted = [name for spec in names for name in (METRICS.names() if spec == "all" else [spec])]
    estimates = []
    for entry, options in [resolve(spec) for spec in dict.fromkeys(wanted)]:
        if progress is not None:
            progress(entry.name)
        banks = (evidence.real_bank, evidence.fake_bank)
        for bank in banks:
            if bank.rows is not None:
                bank.rows.forget_pages()
        return_freed_memory()
        missing = missing_needs(entry, evidence)
        reason = "; ".join(dict.fromkeys(_why_absent(name, evidence) for name in missing))
        measured: Measurement | None = None
        if not missing:
            try:
                measured = entry.object(evidence, **options)
                if not isinstance(measured, Measurement):
                    raise ShapeError(
                        f"metric {entry.name!r} returned {type(measured).__name__}; expected a Measurement"
                    )
                grouped = any(bank.rows is not None and bank.rows.groups is not None for bank in banks)
                if grouped and "pairs" not in entry.meta.needs:  # a pair is no draw of one side
                    share = is_share(entry.meta.unit)
                    measured = clustered(evidence, measured, partial(entry.object, **options), share)
                measured = _with_carriers(evidence, _held(evidence, measured))
            except (TooFewSamples, Undefined) as error:
                measured, reason = None, str(error)
            except GantletError:
                raise
            except Exception as error:
                where = "" if entry.origin == "gantlet" else f" of {entry.origin}"
                raise MetricFailed(
                    f"metric {entry.name!r}{where} raised {type(error).__name__}: {error}; mend it, or leave it out of metrics"
                ) from error
        estimates.append(_stamped(entry, evidence, options, measured, reason))
    return estimates


def _held(evidence: Evidence, measured: Measurement) -> Measurement:
    """Return the measurement; raises Undefined where it is no finite number because the features' squares or cubes are none."""
    numbers = [number for number in (measured.value, *measured.interval[1:]) if number is not None]
    banks = [bank.rows for bank in (evidence.real_bank, evidence.fake_bank) if bank.rows is not None]
    if np.isfinite(numbers).all() or not banks:
        return measured
    largest = max(float(np.abs(rows.features).max(initial=0.0)) for rows in banks)
    if largest > LARGEST:
        raise Undefined(f"the features reach {largest:.2g}, too large for its sums; divide both sides by one number")
    return measured


def _with_carriers(evidence: Evidence, measured: Measurement) -> Measurement:
    """Return the measurement, said to have no margin to be held against where a few real rows make up the spread that it is a part of."""
    real = evidence.real_bank.rows
    if "margin" not in measured.details or real is None:
        return measured
    number = evidence.shared("carriers", lambda: carriers(real))
    if number >= FEWEST_CARRIERS:
        return measured
    note = f"{some_of(round(number), real.n, 'real row', 'make', 'of the')} up most of their spread, so it is no margin: nothing is shown to be as good"
    details = {**measured.details, "carriers": number}
    return dataclasses.replace(measured, details=details, notes=(*measured.notes, note))


def _stamped(
    entry: Entry[MetricMetadata], evidence: Evidence, options: dict[str, Any], measured: Measurement | None, reason: str
) -> Estimate:
    """Return the estimate: the one place that knows name, n, level, unit, direction and version."""
    kind, low, high = measured.interval if measured else NO_BOUNDS
    n_real, n_fake = measured.rows if measured else evidence.rows
    details = dict(measured.details) if measured else {}
    votes = (
        not rests_on_classes(entry) or own_classes(evidence.real_bank, evidence.classes) or evidence.mixture is not None
    )
    return Estimate(
        entry.name,
        measured.value if measured else None,
        low,
        high,
        kind,
        evidence.level,
        n_real,
        n_fake,
        entry.meta.unit,
        entry.meta.lower_is_better,
        entry.meta.version,
        details=details | ({"options": options} if options and measured else {}),
        notes=(measured.notes if measured else (f"undefined: {reason}",))
        + (() if votes or not measured else (FOREIGN,)),
        votes=votes,
        estimand=(measured.estimand or entry.meta.estimand) if measured and low is not None else "",
    )


def rests_on_classes(entry: Entry[MetricMetadata]) -> bool:
    """Return whether a metric rests on class probabilities."""
    return any(isinstance(need_named(name), OfClasses) for name in entry.meta.needs)


def resolve(spec: str) -> tuple[Entry[MetricMetadata], dict[str, Any]]:
    """Return the metric that a spec names and its options; raises UnknownName, ConfigError."""
    name, texts = parse_spec(spec)
    entry = METRICS.entry(name)
    return entry, typed_options(f"metric {name!r}", entry.object, texts, hidden={"evidence"})


@cache
def all_needs() -> Mapping[str, Need]:
    """Return every kind of evidence, by name."""
    return {entry.name: entry.object() for entry in NEEDS.entries()}


def missing_needs(entry: Entry[MetricMetadata], evidence: Evidence) -> list[str]:
    """Return what a metric needs and the evidence lacks; raises UnknownName for a need that nobody registered."""
    return [
        name
        for name in entry.meta.needs
        if isinstance(evidence.given.get(name), Absent) or not need_named(name).present(evidence)
    ]


def _why_absent(name: str, evidence: Evidence) -> str:
    """Return why a need is not met: the reason found here, else what holds for every evidence."""
    given = evidence.given.get(name)
    return given.reason if isinstance(given, Absent) else need_named(name).why_absent


@cache
def need_named(name: str) -> Need:
    """Return a kind of evidence by its name, or by module:attribute; raises UnknownName, UsageError."""
    need: Need = NEEDS.entry(name).object()
    return need


def needs_for(metrics: Iterable[str]) -> dict[str, Need]:
    """Return every registered kind of evidence, and those that these metrics name by module:attribute."""
    wanted = {name for spec in metrics for name in resolve(spec)[0].meta.needs}
    return {**all_needs(), **{name: need_named(name) for name in wanted}}


def gathered(space: Space, fake: Side | None, metrics: Iterable[str]) -> dict[str, Any]:
    """Return the evidence that an evaluation gathers for these metrics from its sides, by need."""
    wanted = {name for spec in metrics for name in resolve(spec)[0].meta.needs}
    values = {
        name: need.gather(space, fake)
        for name, need in needs_for(metrics).items()
        if isinstance(need, Gathered) and (name in wanted or not need.costly)
    }
    return {name: value for name, value in values.items() if value is not None}
