"""events.jsonl: reading the log of a run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gantlet.core.errors import DataError
from gantlet.core.files import read_text
from gantlet.core.schema import SCHEMA, Count, from_plain

LARGEST = 1e300
Scalars = dict[str, float]
_PARTS = (("value", ""), ("low", "/low"), ("high", "/high"))


@dataclass(frozen=True)
class Interval:
    """An estimate inside the loop."""

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Event:
    """The fields that a line may be read by; it may have others."""

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    event: str
    step: Count = 0
    images_seen: Count = 0
    estimates: dict[str, Interval] | None = None


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of events.jsonl; a last line cut short by a crash is left out. Raises DataError for any other line."""
    path = folder / "events.jsonl"
    lines = read_text(path).removesuffix("\n").split("\n") if path.exists() else []
    events = []
    for number, line in enumerate(lines, start=1):
        try:
            events.append(_event(line))
        except (ValueError, RecursionError) as error:
            if number < len(lines):
                raise DataError(
                    f"{path}: line {number} is no event of a run ({error}); restore the file or delete that line"
                ) from error
    return events


def _event(line: str) -> dict[str, Any]:
    """Return one line; raises ValueError, RecursionError for any that no run writes."""
    event = json.loads(line)
    if not isinstance(event, dict):
        raise ValueError("expected a JSON object")
    if any(_is_number(value) and not abs(value) < LARGEST for value in event.values()):
        raise ValueError(f"a number of {LARGEST:g} or more, or none")
    from_plain(Event, {name: event[name] for name in Event.__dataclass_fields__ if name in event})
    return event


def scalars_by_step(folder: Path) -> Iterator[tuple[int, Scalars]]:
    """Yield step and numbers of each line of events.jsonl that holds any; raises DataError as `read_events` does."""
    for event in read_events(folder):
        values = {key: float(v) for key, v in event.items() if _is_number(v) and key not in ("step", "images_seen")}
        for name, estimate in (event.get("estimates") or {}).items():
            values |= {f"{name}{end}": float(estimate[key]) for key, end in _PARTS if _is_number(estimate.get(key))}
        if values:
            yield int(event.get("step", 0)), values


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
