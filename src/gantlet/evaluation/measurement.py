"""Measurement: what a metric returns; `compute` stamps name, level, unit and version on it."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

from gantlet.core.errors import GantletError, ShapeError
from gantlet.core.results.estimate import Interval

Bounds = tuple[Interval, float | None, float | None]
"""The kind of an interval, its low and its high end."""
NO_BOUNDS: Bounds = ("none", None, None)


class Rows(NamedTuple):
    """How many rows of each side a number was computed from; None where a published file does not say."""

    real: int | None
    fake: int | None


@dataclass(frozen=True)
class Measurement:
    """One value with its interval, the rows that it was computed from (a metric may look at a sample), and its details."""

    value: float
    interval: Bounds
    rows: Rows
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    estimand: str = ""
    """What the interval is about, where that is not what the metric's metadata say."""

    def __post_init__(self) -> None:
        kind, low, high = self.interval
        if kind not in get_args(Interval):
            raise ShapeError(f"an interval is one of {', '.join(get_args(Interval))}; got {kind!r}")
        ends = [float(end) for end in (low, self.value, high) if end is not None]
        rounding = 1e-9 * max((abs(end) for end in ends), default=0.0)
        if any(later < earlier - rounding for earlier, later in itertools.pairwise(ends)):
            raise ShapeError(f"expected low ≤ value ≤ high; got {low}, {self.value}, {high}")
        if any(n is not None and n < 0 for n in self.rows):
            raise ShapeError(f"numbers of rows are 0 or more; got {tuple(self.rows)}")


@dataclass(frozen=True)
class Absent:
    """Stands in ``evidence.given`` for a kind of evidence that cannot be had here; ``reason`` says why and what to do."""

    reason: str


class Undefined(GantletError):
    """A metric has no value for this evidence; the message says why."""
