"""PointSource: one opened set of points instead of images; and a check of point arrays."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from gantlet.core.errors import DataError
from gantlet.core.mixture import Mixture
from gantlet.core.words import counted
from gantlet.data.joining import joined_fields
from gantlet.data.source import Kind, numbered


@dataclass(frozen=True)
class PointSource:
    """A finite, ordered set of points in Rᵈ; it has the interface of ImageSource, with ``read(i)`` → float32 [d]."""

    spec: str
    """The source string that opened it, with every option that matters."""
    points: Float32[np.ndarray, "n d"]
    labels: Int64[np.ndarray, " n"] | None = None
    """Where the distribution is a mixture: the mode that each point was drawn from."""
    classes: tuple[str, ...] = ()
    held_out: str = ""
    """The source string of the other split, or ''."""
    notes: tuple[str, ...] = ()
    distribution: Mixture | None = None
    """The distribution that the points were drawn from, where it is known."""
    modes: Mixture | None = None
    """The distribution, where its components are modes that can be counted."""
    space: str = ""
    """The name of the feature space, where the rows are features that were computed elsewhere."""
    kind: ClassVar[Kind] = "points"
    least: ClassVar[int] = 2
    remarks: ClassVar[tuple[str, ...]] = ()
    formats: ClassVar[tuple[str, ...]] = ()
    latents: ClassVar[None] = None
    decode: ClassVar[None] = None
    first_shape: ClassVar[None] = None

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def names(self) -> Sequence[str]:
        """Return one name per point: ``spec#index``."""
        return [f"{self.spec}#{i}" for i in range(len(self.points))]

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 over shape and content."""
        whole = hashlib.sha256(f"points {self.points.shape}:".encode())
        whole.update(np.ascontiguousarray(self.points, "<f4").data)
        return whole.hexdigest()

    @property
    def described(self) -> str:
        """Return its content in words."""
        kind = f"features in {self.space}" if self.space else "points"
        return f"{kind} of {counted(self.points.shape[1], 'dimension')}"

    def read(self, i: int) -> Float32[np.ndarray, " d"]:
        """Return point i."""
        return np.asarray(self.points[numbered(i, len(self), f"points of {self.spec}")])

    def __repr__(self) -> str:
        return f"<PointSource {self.spec}: {len(self):,} {self.described}>"

    @classmethod
    def joined(cls, parts: "Sequence[PointSource]") -> "PointSource":
        """Return several sources as one: the points of the first, then those of the second, and so on; raises DataError."""
        return replace(parts[0], **joined_fields(parts), points=np.concatenate([part.points for part in parts]))


def point_array(what: str, array: Shaped[np.ndarray, "..."]) -> Float32[np.ndarray, "n d"]:
    """Return an array of points as float32 [n, d]; raises DataError for another shape, type or NaN."""
    if array.ndim != 2 or array.dtype.kind not in "fiu" or 0 in array.shape:
        raise DataError(f"{what}: expected numbers of shape [n, d], one point per row; got {array.dtype} {array.shape}")
    points = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(points).all():
        bad = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise DataError(f"{what}: row {bad} holds NaN, infinity or a number beyond float32; expected finite numbers")
    return points
