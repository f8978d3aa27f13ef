"""TrainingImages: what the loop trains on, in memory; and the order in which it is shown."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.errors import DataError
from gantlet.networks.interface import ImageShape
from gantlet.rng import numpy_stream


@dataclass(frozen=True)
class TrainingImages:
    """Square images uint8 [n, s, s, c] with their labels [n] (or None), the classes' names, digest and source string.

    Raises: DataError when sizes do not fit each other or a label names no class.
    """

    images: UInt8[np.ndarray, "n s s c"]
    labels: Int64[np.ndarray, " m"] | None
    classes: tuple[str, ...]
    digest: str
    source: str

    def __post_init__(self) -> None:
        if len(self.images) == 0:
            raise DataError(f"{self.source} holds no images to train on")
        if self.labels is None:
            return
        if len(self.labels) != len(self.images):
            raise DataError(f"{self.source}: {len(self.images)} images but {len(self.labels)} labels")
        if self.labels.min() < 0 or self.labels.max() >= len(self.classes):
            raise DataError(
                f"{self.source}: labels {self.labels.min()}…{self.labels.max()} for {len(self.classes)} classes"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> ImageShape:
        """Return size and channels."""
        return ImageShape(self.images.shape[1], self.images.shape[3])

    @cached_property
    def class_counts(self) -> tuple[int, ...]:
        """Return the number of images of each class; empty without labels."""
        if self.labels is None:
            return ()
        return tuple(int(count) for count in np.bincount(self.labels, minlength=len(self.classes)))


def shown(n: int, seed: int, start: int, count: int) -> Int64[np.ndarray, " count"]:
    """Return the indices of the images shown at positions start … start + count − 1 of a run.

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
