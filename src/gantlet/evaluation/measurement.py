"""Measurement: what a metric returns; `compute` stamps name, level, unit and version on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gantlet.core.errors import GantletError
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


class Undefined(GantletError):
    """A metric has no value for this evidence; the message says why."""
