"""Evidence: all that the metrics of one comparison may look at; shared work is computed once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Int64

from gantlet.stats.feature_bank import FeatureBank
from gantlet.stats.neighbours import Neighbours, neighbours


@dataclass(frozen=True)
class Predictions:
    """What a classifier said about n labelled images: ``true`` [n] against ``predicted`` [n], class indices."""

    true: Int64[np.ndarray, " n"]
    predicted: Int64[np.ndarray, " n"]
    trained_on: str


@dataclass(frozen=True)
class Evidence:
    """Real and fake features, in this order, with the settings of the intervals.

    ``predictions`` holds ``train_on_real`` (classifier trained on real, applied to the fakes with their wanted
    labels) and ``train_on_fake`` (trained on fakes, applied to held-out real images) where labels exist.
    """

    real: FeatureBank
    fake: FeatureBank
    seed: int = 0
    level: float = 0.95
    memory: int = 2 * 10**9
    classes: tuple[str, ...] = ()
    predictions: Mapping[str, Predictions] = field(default_factory=dict)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Return the nearest-neighbour statistics that precision, recall, density, coverage and 1-NN share."""
        return neighbours(self.real.features, self.fake.features, memory=self.memory)
