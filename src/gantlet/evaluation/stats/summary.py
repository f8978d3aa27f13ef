"""Summary: the statistics of n images' features in a statistics file; a monoid, so that shards can be computed separately."""

import zlib
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from jaxtyping import Float32

from gantlet.core.errors import ShapeError
from gantlet.evaluation.stats.moments import Moments, PublishedMoments
from gantlet.evaluation.stats.probabilities import ClassProbabilities

QUARTERS = 4


@dataclass(frozen=True, eq=False)
class Summary:
    """Moments of four random quarters of the rows, whose merge is that of all, and the class statistics or None.

    A row's quarter depends on its values alone, so merging separately computed shards gives the result of the whole set.
    """

    parts: tuple[Moments, ...]
    classes: ClassProbabilities | None = None

    @classmethod
    def of(cls, features: Float32[np.ndarray, "n d"], probabilities: Float32[np.ndarray, "n k"] | None) -> "Summary":
        """Return the summary of rows; raises NonFiniteError."""
        rows = np.ascontiguousarray(features)
        quarter = np.array([zlib.crc32(row.data) % QUARTERS for row in rows], np.int64)
        parts = tuple(Moments.of(rows[quarter == q]) for q in range(QUARTERS))
        return cls(parts, None if probabilities is None else ClassProbabilities.of(probabilities))

    def merge(self, other: "Summary") -> "Summary":
        """Return the summary of both sets of rows; raises ShapeError where only one has class statistics."""
        if (self.classes is None) != (other.classes is None):
            raise ShapeError("one of the statistics holds class probabilities, the other none; use one extractor")
        classes = self.classes.merge(other.classes) if self.classes and other.classes else None
        return Summary(tuple(a.merge(b) for a, b in zip(self.parts, other.parts, strict=True)), classes)

    @property
    def n(self) -> int:
        """Return the number of rows."""
        return self.moments.n

    @cached_property
    def moments(self) -> Moments:
        """Return the moments of all rows."""
        return reduce(Moments.merge, self.parts)


@dataclass(frozen=True, eq=False)
class PublishedSummary:
    """A published mean and covariance: the number of rows is unknown, and there are neither quarters nor classes."""

    moments: PublishedMoments
    parts: tuple[Moments, ...] = ()
    classes: None = None
    n: None = None


AnySummary = Summary | PublishedSummary
"""The content of a statistics file."""
