"""Progress on stderr: a bar with an estimate of the remaining time on a terminal, a line every minute elsewhere."""

import sys
import time
from types import TracebackType
from typing import Any

from gantlet.core.durations import duration, rate
from gantlet.core.processes import rank
from gantlet.core.visible import visible

FIRST, EVERY = 10.0, 60.0
"""Seconds to the first line where there is no terminal, and between two lines after it."""


class Progress:
    """A context in which ``progress(stage, done, total)`` displays progress.

    A stage is ``NAME`` or ``NAME: what goes with it``: the second part changes from call to call and is shown below the bar.
    """

    def __init__(self) -> None:
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}
        self._next_line = time.monotonic() + FIRST
        self._stage = ""
        self._begun = (0.0, 0)

    def __enter__(self) -> "Progress":
        if sys.stderr.isatty() and rank() == 0:
            from gantlet.cli.bars import new_bars

            self._bar = new_bars()
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` units of a stage are finished; of several processes only the first one prints."""
        if rank():
            return
        name, _, note = visible(stage).partition(": ")
        if self._bar is not None:
            self._show(name, note, done, total)
            return
        now = time.monotonic()
        if name != self._stage:
            self._stage, self._begun = name, (now, done)
        if now >= self._next_line:
            self._next_line = now + EVERY
            print(self._line(name, note, (done, total), now), file=sys.stderr, flush=True)  # noqa: T201

    def _line(self, name: str, note: str, counts: tuple[int, int], now: float) -> str:
        """Return the line of a stage: what is done, the time of a unit, the time that is left, and what goes with it."""
        (done, total), (begun, before) = counts, self._begun
        parts = [f"{name}: {done:,} of {total:,}"]
        if done > before and now > begun:
            seconds = (now - begun) / (done - before)
            parts.append(rate(seconds, _unit(name)))
            parts.append(f"{duration(seconds * max(total - done, 0))} left")
        return ", ".join([*parts, *filter(None, [note])])

    def _show(self, name: str, note: str, done: int, total: int) -> None:
        if name not in self._tasks:
            for task in self._tasks.values():
                self._bar.update(task, visible=False)
            self._tasks[name] = self._bar.add_task(name, total=total, rate="")
        task = self._tasks[name]
        speed = self._bar._tasks[task].speed
        self._bar.note = note
        self._bar.update(
            task, completed=done, total=total, visible=True, rate=rate(1 / speed, _unit(name)) if speed else ""
        )

    def say(self, text: str) -> None:
        """Print a line to stderr, above the bar where there is one; of several processes only the first one prints."""
        if rank():
            return
        text = visible(text)
        if self._bar is not None:
            self._bar.console.print(text, markup=False)
        else:
            print(text, file=sys.stderr, flush=True)  # noqa: T201


def _unit(name: str) -> str:
    return "step" if "steps" in name else "item"
