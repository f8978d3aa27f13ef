"""The header of a checkpoint: all that it holds beside its tensors, with types and ranges."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from gantlet.core.class_names import composed
from gantlet.core.config import TrainConfig
from gantlet.core.errors import CheckpointError, UsageError
from gantlet.core.interfaces.networks import ImageShape, PointShape, Shape
from gantlet.core.schema import SCHEMA, Amount, Count, Positive, from_plain
from gantlet.core.shares import NONE
from gantlet.core.words import counted
from gantlet.training.runs.machine import Machine
from gantlet.training.runs.tensors import read_header, read_tensors


@dataclass(frozen=True)
class Axes:
    """The fields of an ImageShape, or of a PointShape."""

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    size: Positive = 1
    channels: Positive = 1
    inputs: Count = 0
    dim: Count = 0


@dataclass(frozen=True)
class Streaks:
    """The state of the divergence alarm."""

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    streaks: dict[str, Count] = field(default_factory=dict)
    largest_gradient: Amount = 0.0


@dataclass(frozen=True)
class Header:
    """What a checkpoint says: the state's numbers, the configuration, the data, and the digests."""

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    format: int
    step: Count
    images_seen: Count
    drawn: Count
    seconds: Amount
    last_score: float | None
    best_step: Count | None
    best_score: float | None
    monitor: Streaks
    config: dict[str, Any]
    version: str
    shape: Axes
    classes: tuple[str, ...]
    class_counts: tuple[Count, ...]
    data: str
    data_digest: str
    weights_sha256: str
    tensors_sha256: str
    machine: Machine = field(default_factory=Machine)
    """What it was computed on; nothing is known of files of earlier versions."""

    @property
    def made_with(self) -> TrainConfig:
        """Return the configuration; raises ConfigError, UnknownName."""
        return TrainConfig.from_mapping(
            {"held_out": NONE, **self.config}
        )  # before there was the field nothing was kept out

    @property
    def made_for(self) -> Shape:
        """Return the shape of the data."""
        shape = self.shape
        return PointShape(shape.dim) if shape.dim else ImageShape(shape.size, shape.channels, shape.inputs)

    def numbers(self) -> dict[str, Any]:
        """Return the state's numbers, as `TrainState.numbers` does."""
        return dataclasses.asdict(self)


def header_of(path: Path) -> Header:
    """Return a checkpoint's header alone; raises CheckpointError when it is damaged or says what cannot be."""
    return _checked(path, read_header(path))


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], Header]:
    """Return a checkpoint's tensors and header, both checked; raises CheckpointError."""
    tensors, raw = read_tensors(path)
    return tensors, _checked(path, raw)


def _checked(path: Path, raw: dict[str, Any]) -> Header:
    try:
        header = from_plain(Header, raw)
        _ = header.made_with
    except (ValueError, UsageError) as error:
        raise CheckpointError(f"{path} is damaged or is not a gantlet checkpoint: {error}") from error
    counts = header.class_counts
    if len(header.classes) != len(counts) or (counts and not sum(counts)):
        raise CheckpointError(
            f"{path} is damaged: it names {counted(len(header.classes), 'class')} and has the counts {counts}"
        )
    return dataclasses.replace(header, classes=tuple(map(composed, header.classes)))
