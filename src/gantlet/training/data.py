"""The training data in memory, TrainingImages or TrainingPoints, and the order of their batches."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from gantlet.core.errors import DataError
from gantlet.core.interfaces.networks import ImageShape, PointShape
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted


@dataclass(frozen=True)
class Pairs:
    """The input image of each training image, and pairs that are not trained on: their inputs are those of a run's sample grids."""

    inputs: UInt8[np.ndarray, "n s s i"]
    shown: UInt8[np.ndarray, "m s s i"]
    truth: UInt8[np.ndarray, "m s s c"]


@dataclass(frozen=True)
class TrainingImages:
    """Square images uint8 [n, s, s, c] with their labels [n] (or None), the classes' names, digest and source string, and
    their pairs where the task is image to image.

    Raises: DataError when sizes do not fit each other or a label names no class.
    """

    images: UInt8[np.ndarray, "n s s c"]
    labels: Int64[np.ndarray, " m"] | None
    classes: tuple[str, ...]
    digest: str
    source: str
    pairs: Pairs | None = None

    def __post_init__(self) -> None:
        if len(self.images) == 0:
            raise DataError(f"{self.source} holds no images to train on")
        if self.pairs is not None and self.pairs.inputs.shape[:3] != self.images.shape[:3]:
            raise DataError(f"{self.source}: images {self.images.shape} but inputs {self.pairs.inputs.shape}")
        _require_labels(self)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> ImageShape:
        """Return size, channels, and the channels of the inputs."""
        inputs = self.pairs.inputs.shape[3] if self.pairs else 0
        return ImageShape(self.images.shape[1], self.images.shape[3], inputs)

    @cached_property
    def class_counts(self) -> tuple[int, ...]:
        """Return the number of images of each class; empty without labels."""
        return _counts(self)


@dataclass(frozen=True)
class TrainingPoints:
    """Points float32 [n, d] in the place of images, with labels [n] (or None), class names, digest and source string.

    Raises: DataError as TrainingImages does.
    """

    points: Float32[np.ndarray, "n d"]
    labels: Int64[np.ndarray, " m"] | None
    classes: tuple[str, ...]
    digest: str
    source: str

    def __post_init__(self) -> None:
        if len(self.points) == 0:
            raise DataError(f"{self.source} holds no points to train on")
        _require_labels(self)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def shape(self) -> PointShape:
        """Return the number of coordinates."""
        return PointShape(self.points.shape[1])

    @cached_property
    def class_counts(self) -> tuple[int, ...]:
        """Return the number of points of each class; empty without labels."""
        return _counts(self)


TrainingData = TrainingImages | TrainingPoints


def _require_labels(data: TrainingData) -> None:
    if data.labels is None:
        return
    if len(data.labels) != len(data):
        raise DataError(f"{data.source}: {counted(len(data), 'image')} but {counted(len(data.labels), 'label')}")
    if data.labels.min() < 0 or data.labels.max() >= len(data.classes):
        raise DataError(
            f"{data.source}: labels {data.labels.min()}…{data.labels.max()} for {counted(len(data.classes), 'class')}"
        )


def _counts(data: TrainingData) -> tuple[int, ...]:
    if data.labels is None:
        return ()
    return tuple(int(count) for count in np.bincount(data.labels, minlength=len(data.classes)))


def image_order(n: int, seed: int, start: int, count: int) -> Int64[np.ndarray, " count"]:
    """Return the indices of the images at positions start … start + count − 1 of a run.

    Every epoch is a permutation of all n images that depends on the seed and the epoch's number alone, so a position
    is all the state that the order has. Batches run across epochs; no image is left out.
    """
    pieces = []
    while count > 0:
        epoch, offset = divmod(start, n)
        piece = _epoch(n, seed, epoch)[offset : offset + count]
        pieces.append(piece)
        start, count = start + len(piece), count - len(piece)
    return np.concatenate(pieces)


@lru_cache(maxsize=2)
def _epoch(n: int, seed: int, epoch: int) -> Int64[np.ndarray, " n"]:
    return numpy_stream(seed, f"data-{epoch}").permutation(n).astype(np.int64)
