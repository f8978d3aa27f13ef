"""The interface of every lab: the setting of a run and the lab protocol."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from gantlet.core.errors import ConfigError
from gantlet.core.results.lab import LabResult

SIZES = ("smoke", "laptop", "full")
Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the units done and their number."""


def silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Setting:
    """How large a run is and where it writes: ``size`` smoke (seconds), laptop (≤ 10 min on two cores) or full (the paper's).

    ``seed`` is the first seed; ``repeats`` the number of seeds; 0 means the lab's default for this size. ``out``
    receives NAME.png and NAME.json. Raises ConfigError for another size or a negative number.
    """

    size: str = "laptop"
    seed: int = 0
    repeats: int = 0
    out: Path = Path("labs")
    progress: Progress = silent

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ConfigError(f"the size of a lab is {', '.join(SIZES)}; got {self.size!r}")
        if self.seed < 0 or self.repeats < 0:
            raise ConfigError(f"seed and seeds must be 0 or more; got {self.seed} and {self.repeats}")

    def seeds(self, smoke: int, laptop: int, full: int) -> tuple[int, ...]:
        """Return the seeds of this run; the arguments are the lab's default number of seeds for each size."""
        count = self.repeats or self.of(smoke, laptop, full)
        return tuple(range(self.seed, self.seed + count))

    def of(self, smoke: int, laptop: int, full: int) -> int:
        """Return the number for this size."""
        return {"smoke": smoke, "laptop": laptop, "full": full}[self.size]


@runtime_checkable
class Lab(Protocol):
    """A frozen dataclass whose fields are the lab's options; its docstring states claim, measure and tolerance."""

    def run(self, setting: Setting) -> LabResult:
        """Run the experiment; write its figures into ``setting.out``."""
