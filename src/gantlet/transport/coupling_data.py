"""Data sets, labels and noise of a coupling: flattened, checked, and equal rows gathered."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from gantlet.core.errors import DataError, ShapeError, TooFewSamples
from gantlet.core.words import counted
from gantlet.transport.arrays import as_array, as_vector


@runtime_checkable
class Shaped(Protocol):
    """An array of any library."""

    @property
    def shape(self) -> Any:
        """Return the sizes of its axes."""
        ...


@dataclass(frozen=True, eq=False)
class Rows:
    """Which data rows each target stands for: target i for ``order[starts[i]:starts[i + 1]]``."""

    order: Int64[np.ndarray, " n"]
    starts: Int64[np.ndarray, " m"]

    @classmethod
    def of(
        cls, points: Float64[np.ndarray, "n d"], members: Int64[np.ndarray, " n"], weights: Any
    ) -> tuple["Rows", Float64[np.ndarray, "t d"], Float64[np.ndarray, " t"]]:
        """Return the rows, the distinct points [t, d] and their masses [t]; ``members`` are the rows' numbers in the data set."""
        targets, inverse, counts = np.unique(points, axis=0, return_inverse=True, return_counts=True)
        order = np.argsort(inverse.ravel(), kind="stable")
        share = np.full(len(points), 1.0) if weights is None else as_vector("weights", weights)[members]
        if not (share > 0).all():
            raise DataError("expected weights > 0; leave out rows without weight")
        masses = np.bincount(inverse.ravel(), share, len(targets))
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(members[order], starts), targets, masses / masses.sum()

    def of_many(self, targets: Int64[np.ndarray, " b"], turn: Int64[np.ndarray, " b"]) -> Int64[np.ndarray, " b"]:
        """Return row number ``turn`` (modulo their number) of each target."""
        counts = np.diff(self.starts)[targets]
        return self.order[self.starts[targets] + turn % counts]

    def pick(self, targets: Int64[np.ndarray, " b"], noise: Float64[np.ndarray, "b d"]) -> Int64[np.ndarray, " b"]:
        """Return one data row of each target, among equal ones by the bits of the noise."""
        turn = np.zeros(len(targets), np.int64)
        for k in np.flatnonzero(np.diff(self.starts)[targets] > 1):
            turn[k] = zlib.crc32(noise[k].tobytes())
        return self.of_many(targets, turn)


def gathered(data: Any) -> Float64[np.ndarray, "n d"]:
    """Return rows [n, d] of a data set: an array or tensor [n, …], or an iterable of such batches (or of (batch, …) pairs).

    Raises: ShapeError, NonFiniteError, TooFewSamples.
    """
    whole = isinstance(data, Shaped) or (isinstance(data, list | tuple) and not _batches(data))
    parts = [flattened("data", data)] if whole else [flattened("data", _images(part)) for part in data]
    if not parts or not sum(map(len, parts)):
        raise TooFewSamples("a coupling needs at least 1 data row; got 0")
    if len({part.shape[1] for part in parts}) > 1:
        raise ShapeError(f"expected batches of one size per row; got {sorted({part.shape[1] for part in parts})}")
    return np.concatenate(parts)


def _batches(data: list[Any] | tuple[Any, ...]) -> bool:
    return bool(data) and all(isinstance(part, Shaped) and len(part.shape) > 1 for part in data)


def _images(part: Any) -> Any:
    return part[0] if isinstance(part, list | tuple) and part and isinstance(part[0], Shaped) else part


def flattened(what: str, values: Any) -> Float64[np.ndarray, "n d"]:
    """Return float64 rows of an array [n, …]; raises ShapeError, NonFiniteError."""
    array = as_array(what, values)
    if array.ndim < 2 or (array.size == 0 and len(array)):
        raise ShapeError(f"expected {what} of shape [n, …] with n rows of numbers; got shape {list(array.shape)}")
    return array.reshape(len(array), -1) if len(array) else array.reshape(0, int(np.prod(array.shape[1:])))


def noise_rows(noise: Any, dim: int) -> tuple[Float64[np.ndarray, "b d"], torch.device]:
    """Return noise [b, …] as rows [b, dim], and its device; raises ShapeError, NonFiniteError."""
    device = noise.device if isinstance(noise, Tensor) else torch.device("cpu")
    rows = flattened("noise", noise.detach() if isinstance(noise, Tensor) else noise)
    if rows.shape[1] != dim:
        raise ShapeError(f"expected noise with {counted(dim, 'number')} per row, as the data; got {rows.shape[1]}")
    return rows, device


def labels_of(labels: Any) -> Int64[np.ndarray, " n"] | None:
    """Return labels as integers [n]; raises ShapeError, DataError (not whole numbers)."""
    if labels is None:
        return None
    if isinstance(labels, Iterable) and not isinstance(labels, Shaped):
        labels = list(labels)
    array = as_array("labels", labels)
    if array.ndim != 1 or (array != np.round(array)).any():
        raise DataError(f"expected labels as integers of shape [n]; got shape {list(array.shape)}")
    return array.astype(np.int64)


def class_rows(count: int, labels: Int64[np.ndarray, " n"] | None) -> list[tuple[int | None, Int64[np.ndarray, " k"]]]:
    """Return each class with the numbers of its rows; one class None where there are no labels. Raises ShapeError."""
    if labels is None:
        return [(None, np.arange(count))]
    if len(labels) != count:
        raise ShapeError(f"expected labels of shape [{count}], one per row; got [{len(labels)}]")
    order = np.argsort(labels, kind="stable")
    classes, starts = np.unique(labels[order], return_index=True)
    return list(zip(classes.tolist(), np.split(order, starts[1:]), strict=True))
