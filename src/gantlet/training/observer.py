"""The interface of the loop to its caller: an observer, and the result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int64, UInt8

Samples = UInt8[np.ndarray, "n s s c"] | Float32[np.ndarray, "n d"]
Sampler = Callable[[int, Int64[np.ndarray, " n"] | Sequence[int] | None], Samples]
"""(n, labels or None) → n images (or points) of the generator as it is now, always from the same latents."""


class Measured(NamedTuple):
    """Result of an evaluation: the score that chooses the best checkpoint (lower is better, or None), and values for
    the journal.
    """

    score: float | None
    estimates: Mapping[str, Any]


@runtime_checkable
class Observer(Protocol):
    """An observer of a run. It may read everything, and changes nothing but the choice of the best checkpoint."""

    def on_log(self, line: Mapping[str, Any]) -> None:
        """Receive one line of events.jsonl."""

    def on_warning(self, message: str) -> None:
        """Receive a warning as a sentence."""

    def on_evaluate(self, sampler: Sampler, step: int, images_seen: int) -> Measured:
        """Measure the generator."""

    def on_progress(self, step: int, total: int) -> None:
        """Receive the number of generator steps done, after each step."""


class Silent:
    """An observer that wants to know nothing: for programs that call the loop for its weights alone."""

    def on_log(self, line: Mapping[str, Any]) -> None:
        """Hear nothing."""

    def on_warning(self, message: str) -> None:
        """Hear nothing."""

    def on_evaluate(self, sampler: Sampler, step: int, images_seen: int) -> Measured:
        """Measure nothing."""
        return Measured(None, {})

    def on_progress(self, step: int, total: int) -> None:
        """Hear nothing."""


@dataclass(frozen=True)
class TrainResult:
    """A finished run. Scores are the observer's (lower is better), None where it returned none."""

    run: Path
    step: int
    images_seen: int
    seconds: float
    weights_sha256: str
    """SHA-256 over all networks' weights: a resumed run ends with the same as an undisturbed one."""
    final_score: float | None
    best_score: float | None
    best_step: int | None
