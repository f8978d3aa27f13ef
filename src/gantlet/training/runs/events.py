"""events.jsonl: reading the log of a run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gantlet.core.errors import DataError
from gantlet.core.files import read_text

Scalars = dict[str, float]
_PARTS = (("value", ""), ("low", "/low"), ("high", "/high"))


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of events.jsonl; a last line cut short by a crash is left out. Raises DataError for any other line."""
    path = folder / "events.jsonl"
    lines = read_text(path).splitlines() if path.exists() else []
    events = []
    for number, line in enumerate(lines, start=1):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if isinstance(event, dict):
            events.append(event)
        elif number < len(lines):
            raise DataError(f"{path}: line {number} is no JSON object; restore the file or delete that line")
    return events


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
