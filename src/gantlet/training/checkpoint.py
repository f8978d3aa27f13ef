"""Checkpoints of a run: written atomically, the last few kept, damage and foreign configurations refused with the
reason.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from torch import Tensor

from gantlet.core.config import TrainConfig
from gantlet.core.errors import CheckpointError
from gantlet.core.version import __version__
from gantlet.training.data import TrainingData
from gantlet.training.journal import require_run, require_untrained
from gantlet.training.runs.generator import checkpoints
from gantlet.training.runs.header import Header, header_of, read_checkpoint
from gantlet.training.runs.machine import Machine
from gantlet.training.runs.tensors import read_tensors, write_tensors
from gantlet.training.state import TrainState

T = TypeVar("T")


class Restored(NamedTuple):
    """The checkpoint that a run goes on from, and sentences on what has changed since it was written."""

    path: Path
    changes: tuple[str, ...] = ()


SCORING = ("select", "features", "evaluate_samples")
"""Fields that scores depend on: where one of them changes, the best checkpoint is chosen anew."""
MAY_CHANGE = (
    *(
        "steps",
        "log_every",
        "sample_every",
        "checkpoint_every",
        "keep",
        "out",
        "recipe",
        "data",
        "held_out",
        "device",
        "on_bad",
        "cache",
        "micro_batch",
    ),
    *("evaluate", "evaluate_every", "weights", *SCORING),
)
"""Fields that do not change the weights of a step.

Steps do, where the learning rates decay over them; of the data the content decides, wherever it lies; what a device changes is said.
"""


@dataclass(frozen=True)
class Checkpoints:
    """The folder RUN/checkpoints: step-XXXXXXXX, best and final, each a safetensors file with a JSON header."""

    run: Path
    config: TrainConfig
    images: TrainingData
    machine: Machine = field(default_factory=Machine)

    @property
    def folder(self) -> Path:
        """Return RUN/checkpoints."""
        return self.run / "checkpoints"

    def save(self, state: TrainState, name: str | None = None) -> Path:
        """Write the state as ``name`` (best, final) or by its step, then remove the oldest beyond ``keep``; raises
        OutputError.
        """
        path = self.folder / f"{name or f'step-{state.step:08d}'}.safetensors"
        write_tensors(path, state.tensors(), self._header(state))
        for old in checkpoints(self.run)[: -self.config.keep]:
            old.unlink(missing_ok=True)
        return path

    def _header(self, state: TrainState) -> dict[str, Any]:
        config = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self.config).items()
        }
        return {
            **state.numbers(),
            "config": config,
            "version": __version__,
            "shape": dataclasses.asdict(self.images.shape),
            "classes": list(self.images.classes),
            "class_counts": list(self.images.class_counts),
            "data": self.images.source,
            "data_digest": self.images.digest,
            "weights_sha256": state.weights_digest(),
            "machine": dataclasses.asdict(self.machine),
        }

    def restore(self, state: TrainState) -> Restored | None:
        """Put the newest checkpoint into ``state``; None when the run was stopped before its first one.

        Where scores are of another kind now, the state forgets the best one.

        Raises: CheckpointError when the run is not there, the newest checkpoint is damaged (saying which older one is
        intact), or it belongs to another configuration or other data (naming the fields).
        """
        require_run(self.run)
        path = self.newest()
        if path is None:
            require_untrained(self.run, self.config.checkpoint_every)
            return None
        tensors, header = self._intact(path, read_checkpoint)
        self._require_same(path, header)
        try:
            state.restore(tensors, header.numbers())
        except (KeyError, IndexError, RuntimeError, ValueError, TypeError) as error:
            raise CheckpointError(
                f"{path} does not hold the state of this configuration ({error}); it is damaged: start the run anew"
            ) from error
        return Restored(path, self._changes(state, header))

    def _changes(self, state: TrainState, header: Header) -> tuple[str, ...]:
        """Return what is said of changes that are allowed; the state forgets scores of another kind."""
        said, before = [], header.made_with
        differs = self.machine.instead_of(header.machine)
        if before.micro_batch != self.config.micro_batch:
            micro = f"micro_batch {self.config.micro_batch} (it was {before.micro_batch})"
            differs = f"{differs}, and {micro}" if differs else micro
        if differs:
            said.append(
                f"the run goes on with {differs}: its weights are those of a run that was never stopped up to rounding only, "
                "not bit by bit"
            )
        changed = [name for name in SCORING if getattr(before, name) != getattr(self.config, name)]
        if changed and state.best_score is not None:
            said.append(f"{', '.join(changed)} changed: the best checkpoint is chosen anew")
            state.last_score = state.best_score = state.best_step = None
        return tuple(said)

    def newest(self) -> Path | None:
        """Return the checkpoint with the most steps, None when there is none; raises CheckpointError when it is
        damaged.
        """
        final = self.folder / "final.safetensors"
        candidates = [*checkpoints(self.run)[-1:], *([final] if final.is_file() else [])]
        steps = {path: self._intact(path, header_of).step for path in candidates}
        return max(steps, key=lambda path: steps[path]) if steps else None

    def _intact(self, path: Path, read: Callable[[Path], T]) -> T:
        try:
            return read(path)
        except CheckpointError as error:
            older = next(
                (other for other in reversed(checkpoints(self.run)) if other != path and _is_intact(other)), None
            )
            way_out = (
                f"delete it and resume again: {older.name} is intact and will be used"
                if older
                else "no other checkpoint is intact: start the run anew"
            )
            raise CheckpointError(f"{error}; {way_out}") from error

    def _require_same(self, path: Path, header: Header) -> None:
        saved, now = header.made_with, self.config
        fixed = {field.name for field in dataclasses.fields(TrainConfig)} - set(MAY_CHANGE)
        names = sorted(fixed | ({"steps"} if now.decay != "constant" else set()))
        differing = [
            f"{name} was {getattr(saved, name)!r}, is {getattr(now, name)!r}"
            for name in names
            if getattr(saved, name) != getattr(now, name)
        ]
        classes = (header.classes, header.class_counts), (self.images.classes, self.images.class_counts)
        if now.conditioning != "none" and classes[0] != classes[1]:
            differing.append(f"the classes of {self.images.source} are others")
        if header.data_digest != self.images.digest:
            shares = [f"held_out was {saved.held_out!r}, is {now.held_out!r}"] if saved.held_out != now.held_out else []
            differing += shares or [f"the content of {self.images.source} has another digest"]
        if header.step > now.steps:
            differing.append(f"steps is {now.steps}, but {header.step} are done")
        if differing:
            raise CheckpointError(
                f"{path} belongs to another configuration: {'; '.join(differing)}. Resume with the run's own "
                f"config.toml, or choose another out"
            )


def _is_intact(path: Path) -> bool:
    try:
        tensors: dict[str, Tensor] = read_tensors(path)[0]
    except CheckpointError:
        return False
    return bool(tensors)
