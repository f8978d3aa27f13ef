"""Measurements that take long: one line of JSON each, kept, so that a run can be stopped and gone on with."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Line = dict[str, Any]


def gone_on(out: Path, tasks: Iterable[Mapping[str, Any]], measure: Callable[..., Mapping[str, Any]]) -> list[Line]:
    """Measure every task that no line of ``out`` belongs to, ``measure(**task)``; add and print its line; return all lines."""
    lines: list[Line] = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    for task in tasks:
        if not any(task.items() <= line.items() for line in lines):
            lines.append({**task, **measure(**task)})
            text = json.dumps(lines[-1])
            with out.open("a") as file:
                file.write(text + "\n")
            print(text, flush=True)
    return lines
