"""Progress on stderr: a bar with an estimate of the remaining time on a terminal, an occasional line elsewhere."""

import sys
import time
from types import TracebackType
from typing import Any

from gantlet.core.processes import rank
from gantlet.core.visible import visible


class Progress:
    """A context in which ``progress(stage, done, total)`` displays progress."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}
        self._last_line = time.monotonic()

    def __enter__(self) -> "Progress":
        if sys.stderr.isatty() and rank() == 0:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bars

            columns = [
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[rate]}"),
            ]
            self._bar = Bars(*columns, console=Console(stderr=True), transient=True)
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
        stage = visible(stage)
        if self._bar is not None:
            self._show(stage, done, total)
        elif time.monotonic() - self._last_line > 10:
            self._last_line = time.monotonic()
            print(f"{stage}: {done:,} of {total:,}", file=sys.stderr, flush=True)  # noqa: T201

    def _show(self, stage: str, done: int, total: int) -> None:
        name = stage.split(":", maxsplit=1)[0]
        if name not in self._tasks:
            for task in self._tasks.values():
                self._bar.update(task, visible=False)
            self._tasks[name] = self._bar.add_task(stage, total=total, rate="")
        task = self._tasks[name]
        speed = self._bar._tasks[task].speed
        self._bar.update(
            task, description=stage, completed=done, total=total, visible=True, rate=f"{speed:,.0f}/s" if speed else ""
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
