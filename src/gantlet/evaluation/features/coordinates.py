"""Coordinates as features: points need no network."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.extractors import Extractor, TakesPoints
from gantlet.core.words import counted
from gantlet.evaluation.features import EXTRACTORS


@EXTRACTORS.register("coordinates", source="Srivastava et al. 2017, arXiv:1705.07761, §4.1 (mixtures in the plane)")
@dataclass(frozen=True)
class Coordinates(Extractor, TakesPoints):
    """The point itself: every distance is a distance in the data's own space.

    When it lies: axes of different scale weigh by their scale, and in many dimensions all distances are alike.

    Args: dim: number of coordinates; space: the name of the feature space, where the points are features that were computed
    elsewhere (`gantlet.features`). Raises: ConfigError for dim < 1 and for images.
    """

    dim: int = 2
    space: str = ""
    name = "coordinates"

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise ConfigError(f"coordinates: expected dim ≥ 1; got {self.dim}")

    @property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return {
            "name": f"given:{self.space}" if self.space else self.name,
            "version": "1",
            "weights_sha256": "",
            "preprocessing": f"{self.dim} {'features computed elsewhere' if self.space else 'coordinates as they are'}",
            "precision": "float32",
            "decoder": "",
        }

    def prepare(self, point: Float32[np.ndarray, "..."]) -> Float32[np.ndarray, " d"]:
        """Return the point; raises ConfigError for images and for another dimension."""
        if point.shape != (self.dim,):
            raise ConfigError(
                f"coordinates: expected points of {counted(self.dim, 'dimension')}; got shape {point.shape}; for images choose "
                "another extractor"
            )
        return point

    def points(self, points: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
        """Return the points themselves."""
        self.prepare(points[0])
        return points

    def extract(self, batch: Float32[np.ndarray, "b d"]) -> tuple[Float32[np.ndarray, "b d"], None]:
        """Return the points; no probabilities."""
        return batch, None
