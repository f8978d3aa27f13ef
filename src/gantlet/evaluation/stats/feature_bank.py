"""FeatureBank: the features of one set of images with what belongs to each row; banks merge by concatenation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Int64

from gantlet.core.errors import NonFiniteError, ShapeError
from gantlet.evaluation.stats.images import ImageRows
from gantlet.evaluation.stats.moments import Moments
from gantlet.evaluation.stats.summary import Summary


@dataclass(frozen=True)
class FeatureBank:
    """Features [n, d] float32 of n images; optional class probabilities [n, k], labels [n], names [n], and the images
    themselves, which are decoded only when a metric looks at them.
    With a ``summary`` the bank has no rows (features [0, d]): it stands for the n images of a statistics file.

    Raises ShapeError when rows do not match, NonFiniteError naming the first bad row.
    """

    features: Float32[np.ndarray, "n d"]
    probabilities: Float32[np.ndarray, "n k"] | None = None
    labels: Int64[np.ndarray, " n"] | None = None
    names: Sequence[str] = ()
    images: ImageRows | None = None
    summary: Summary | None = None

    def __post_init__(self) -> None:
        for part in ("probabilities", "labels", "names", "images"):
            rows = getattr(self, part)
            if rows is not None and len(rows) not in (self.n, 0 if part == "names" else self.n):
                raise ShapeError(f"FeatureBank: {self.n} feature rows but {len(rows)} {part}")
        for part in ("features", "probabilities"):
            rows = getattr(self, part)
            if rows is not None and not np.isfinite(rows).all():
                bad = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
                name = f" ({self.names[bad]})" if len(self.names) else ""
                raise NonFiniteError(f"{part} row {bad}{name} holds NaN or infinity; expected finite numbers")

    @property
    def n(self) -> int:
        """Return the number of images."""
        return len(self.features) if self.summary is None else self.summary.n

    @property
    def dim(self) -> int:
        """Return the dimension of the features."""
        return self.features.shape[1]

    @cached_property
    def moments(self) -> Moments:
        """Return mean and covariance in float64."""
        return Moments.of(self.features) if self.summary is None else self.summary.moments

    @classmethod
    def summarised(cls, summary: Summary) -> "FeatureBank":
        """Return a bank without rows that knows a summary only."""
        return cls(np.empty((0, len(summary.moments.mean)), np.float32), summary=summary)

    def take(self, rows: np.ndarray) -> "FeatureBank":
        """Return the bank of some rows, in the order given."""
        return replace(
            self,
            features=self.features[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            labels=None if self.labels is None else self.labels[rows],
            names=[self.names[i] for i in rows] if len(self.names) else (),
            images=None if self.images is None else self.images.take(rows),
        )
