"""Bank: one side of a comparison, with its rows (`FeatureBank`) or as the summary of a statistics file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.moments import Gaussian, Moments
from gantlet.evaluation.stats.probabilities import ClassProbabilities
from gantlet.evaluation.stats.summary import AnySummary


@dataclass(frozen=True, eq=False)
class SummaryBank:
    """The images of a statistics file: moments and class statistics, no rows."""

    summary: AnySummary
    rows: None = None

    @property
    def n(self) -> int | None:
        """Return the number of images; None where a published file does not state it."""
        return self.summary.n

    @property
    def dim(self) -> int:
        """Return the dimension of the features."""
        return len(self.summary.moments.mean)

    @property
    def moments(self) -> Gaussian:
        """Return mean and covariance in float64."""
        return self.summary.moments

    @property
    def class_statistics(self) -> ClassProbabilities | None:
        """Return the class statistics; None where there are no class probabilities."""
        return self.summary.classes

    def quarters(self, order: Int64[np.ndarray, " n"]) -> list[Moments]:
        """Return the file's own quarters; raises TooFewSamples where it holds the moments of all rows only."""
        if not self.summary.parts:
            raise TooFewSamples(
                "published statistics hold one mean and covariance, no disjoint parts to extrapolate from"
            )
        return list(self.summary.parts)


Bank = FeatureBank | SummaryBank
"""One side: both have n, dim, moments, class_statistics, quarters, and ``rows``, which is None without rows."""


def own_classes(bank: Bank, classes: Sequence[str]) -> bool:
    """Return whether the class probabilities of a side are about the data's own classes: as many as the data name."""
    known = bank.class_statistics
    return known is not None and len(classes) > 1 and len(known.moments.mean) == len(classes) + 1
