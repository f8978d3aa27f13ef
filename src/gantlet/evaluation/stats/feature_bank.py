"""FeatureBank: the features of one set of images, with class probabilities, labels, names and images per row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Int64

from gantlet.core.errors import NonFiniteError, ShapeError
from gantlet.core.numerics.mapped import forget_pages
from gantlet.core.words import counted
from gantlet.evaluation.stats.images import ImageRows
from gantlet.evaluation.stats.moments import Moments
from gantlet.evaluation.stats.probabilities import ClassProbabilities
from gantlet.evaluation.stats.summary import QUARTERS


@dataclass(frozen=True)
class FeatureBank:
    """Features [n, d] float32 of n images; optional class probabilities [n, k], labels [n], names [n], and the images
    themselves, which are decoded only when a metric reads them.

    Raises ShapeError when rows do not match, NonFiniteError naming the first bad row.
    """

    features: Float32[np.ndarray, "n d"]
    probabilities: Float32[np.ndarray, "n k"] | None = None
    labels: Int64[np.ndarray, " n"] | None = None
    names: Sequence[str] = ()
    images: ImageRows | None = None
    groups: Int64[np.ndarray, " n"] | None = None
    """The number of the group that each row belongs to, where rows are not independent."""

    def __post_init__(self) -> None:
        for part in ("probabilities", "labels", "names", "images", "groups"):
            rows = getattr(self, part)
            if rows is not None and len(rows) not in (self.n, 0 if part == "names" else self.n):
                raise ShapeError(f"FeatureBank: {counted(self.n, 'feature row')} but {len(rows)} {part}")
        for part in ("features", "probabilities"):
            rows = getattr(self, part)
            if rows is not None and not np.isfinite(rows).all():
                bad = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
                name = f" ({self.names[bad]})" if len(self.names) else ""
                raise NonFiniteError(f"{part} row {bad}{name} holds NaN or infinity; expected finite numbers")

    @property
    def n(self) -> int:
        """Return the number of images."""
        return len(self.features)

    @property
    def dim(self) -> int:
        """Return the dimension of the features."""
        return self.features.shape[1]

    @cached_property
    def moments(self) -> Moments:
        """Return mean and covariance in float64."""
        return Moments.of(self.features)

    @property
    def rows(self) -> "FeatureBank":
        """Return the bank itself, which has rows."""
        return self

    @cached_property
    def class_statistics(self) -> ClassProbabilities | None:
        """Return the class statistics; None where the extractor has no probabilities."""
        return None if self.probabilities is None else ClassProbabilities.of(self.probabilities)

    def quarters(self, order: Int64[np.ndarray, " n"]) -> list[Moments]:
        """Return the moments of four disjoint quarters of the rows, assigned in turn in this order."""
        return [Moments.of(self.features[order[q::QUARTERS]]) for q in range(QUARTERS)]

    def take(self, rows: np.ndarray) -> "FeatureBank":
        """Return the bank of some rows, in the order of ``rows``; the pages of a mapped file that this read are let go."""
        features = self.features[rows]
        self.forget_pages()
        return replace(
            self,
            features=features,
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            labels=None if self.labels is None else self.labels[rows],
            names=[self.names[i] for i in rows] if len(self.names) else (),
            images=None if self.images is None else self.images.take(rows),
            groups=None if self.groups is None else self.groups[rows],
        )

    def forget_pages(self) -> None:
        """Let go of the memory of features that are a mapped file; they are read again where they are used again."""
        forget_pages(self.features)
