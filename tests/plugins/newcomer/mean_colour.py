"""An extractor of another package."""

from dataclasses import dataclass

import numpy as np

from gantlet.core.interfaces.extractors import Extractor
from gantlet.evaluation.features import EXTRACTORS


@EXTRACTORS.register("mean-colour", source="an example", dim=1)
@dataclass(frozen=True)
class MeanColour(Extractor):
    """The mean brightness of an image, and its square."""

    name = "mean-colour"
    dim = 2

    @property
    def identity(self) -> dict[str, str]:
        """Return what decides the values."""
        return {"name": self.name, "version": "1", "weights_sha256": ""}

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Return the mean."""
        return np.array([image.mean() / 255], np.float32)

    def extract(self, batch: np.ndarray) -> tuple[np.ndarray, None]:
        """Return the mean and its square."""
        return np.concatenate([batch, batch**2], axis=1).astype(np.float32), None
