"""ClassProbabilities: the statistics of p(y|x) for the Inception Score and the Mode Score; a monoid."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from scipy.special import xlogy

from gantlet.core.errors import NonFiniteError, ShapeError
from gantlet.core.numerics.distances import row_chunks
from gantlet.evaluation.stats.moments import Moments


@dataclass(frozen=True, eq=False)
class ClassProbabilities:
    """Moments of the rows [p(·|x), Σ_y p(y|x) log p(y|x)], k + 1 columns: enough for both scores and their variances.

    Both scores are smooth functionals whose influence function is linear in these columns.
    """

    moments: Moments

    @classmethod
    def identity(cls, classes: int) -> "ClassProbabilities":
        """Return the statistics of no rows."""
        return cls(Moments.identity(classes + 1))

    @classmethod
    def of(cls, probabilities: Float[np.ndarray, "n k"]) -> "ClassProbabilities":
        """Return the statistics of rows p(y|x) [n, k] that sum to 1; raises ShapeError, NonFiniteError."""
        return cls.identity(probabilities.shape[1]).update(probabilities)

    def update(self, probabilities: Float[np.ndarray, "n k"]) -> "ClassProbabilities":
        """Return the statistics of these and further rows; rows are divided by their sums in float64."""
        moments = self.moments
        for rows in row_chunks(len(probabilities)):
            p = normalised(probabilities[rows])
            moments = moments.update(np.column_stack([p, xlogy(p, p).sum(axis=1)]))
        return ClassProbabilities(moments)

    def merge(self, other: "ClassProbabilities") -> "ClassProbabilities":
        """Return the statistics of both sets of rows."""
        return ClassProbabilities(self.moments.merge(other.moments))

    @property
    def n(self) -> int:
        """Return the number of rows."""
        return self.moments.n

    @property
    def marginal(self) -> Float64[np.ndarray, " k"]:
        """Return p(y), the mean of p(y|x)."""
        return self.moments.mean[:-1]

    @property
    def negative_entropy(self) -> float:
        """Return the mean over x of Σ_y p(y|x) log p(y|x), in nats (≤ 0)."""
        return float(self.moments.mean[-1])

    def variance(self, weights: Float64[np.ndarray, " k"], of_entropy: float) -> float:
        """Return the sample variance over x of Σ_y weights(y) p(y|x) + of_entropy · Σ_y p(y|x) log p(y|x)."""
        contrast = np.append(weights, of_entropy)
        return max(0.0, float(contrast @ self.moments.cov @ contrast))


def normalised(probabilities: Float[np.ndarray, "n k"]) -> Float64[np.ndarray, "n k"]:
    """Return rows of probabilities in float64, divided by their sums; raises when they are not probabilities."""
    p = probabilities.astype(np.float64)
    if not np.isfinite(p).all():
        raise NonFiniteError("class probabilities hold NaN or infinity; expected finite numbers")
    if p.size and (p.min() < 0 or np.abs(p.sum(axis=1) - 1).max() > 1e-3):
        raise ShapeError("expected rows of class probabilities (≥ 0, sum 1); apply a softmax to logits first")
    return p / p.sum(axis=1, keepdims=True)
