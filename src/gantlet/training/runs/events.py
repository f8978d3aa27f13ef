"""events.jsonl: reading the log of a run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gantlet.core.errors import DataError, GantletError


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of events.jsonl; a last line cut short by a crash is left out."""
    path = folder / "events.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    events = []
    for number, line in enumerate(lines):
        try:
            events.append(json.loads(line))
        except ValueError:
            if number != len(lines) - 1:
                raise DataError(
                    f"{path}: line {number + 1} is not JSON; restore the file or delete that line"
                ) from None
    return events


Scalars = dict[str, float]


def _events(folder: Path) -> Iterator[tuple[int, Scalars]]:
    """Yield step and numbers of each line of events.jsonl; a last line that was cut off is left alone."""
    path = folder / "events.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    for number, line in enumerate(lines):
        try:
            event = json.loads(line)
        except ValueError:
            if number + 1 == len(lines):
                return
            raise GantletError(f"{path} is damaged in line {number + 1}; expected one JSON object a line") from None
        values = {key: float(v) for key, v in event.items() if _is_number(v) and key not in ("step", "images_seen")}
        for name, estimate in event.get("estimates", {}).items():
            values |= {f"{name}{end}": float(estimate[key]) for key, end in _PARTS if _is_number(estimate.get(key))}
        if values:
            yield int(event.get("step", 0)), values


_PARTS = (("value", ""), ("low", "/low"), ("high", "/high"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
