"""How long a training takes here: measured on its first steps, and said once."""

import statistics
import time
from collections.abc import Callable

from gantlet.core.durations import duration, rate
from gantlet.core.words import counted

MEASURED = 6
"""Steps that are measured, after the first one, which also warms up."""
ENOUGH = 10.0
"""Seconds after which fewer steps do, but at least two."""


class Pace:
    """The durations of a training's first steps; ``note`` is called after each step.

    Steps that write a picture or evaluate last longer; the median leaves them out.
    """

    def __init__(self, evaluates: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self._evaluates, self._clock = evaluates, clock
        self._last: float | None = None
        self._durations: list[float] = []
        self._said = False

    def note(self, step: int, total: int) -> str:
        """Return, once, a sentence on how long the steps that are left will take; else ''."""
        now = self._clock()
        if self._last is not None:
            self._durations.append(now - self._last)
        self._last = now
        count = len(self._durations)
        if self._said or (count < MEASURED and (count < 2 or sum(self._durations) < ENOUGH)):
            return ""
        self._said = True
        seconds = statistics.median(self._durations)
        left = max(total - step, 0)
        return (
            f"the {counted(left, 'generator step')} left will take about {duration(seconds * left)} here "
            f"({rate(seconds)}, measured on {counted(count, 'step')}{'; evaluations come on top' if self._evaluates else ''})"
        )
