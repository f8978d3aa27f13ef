"""Pixels as features: the plainest space, with no network."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.extractors import Extractor
from gantlet.data import decode
from gantlet.data.reading import PixelBatch, fit_square
from gantlet.data.reading import Pixels as Image
from gantlet.evaluation.features import EXTRACTORS


@EXTRACTORS.register("pixels", source="Xu et al. 2018, arXiv:1806.07755, section 3 (pixel space)", unrounded=True)
@dataclass(frozen=True)
class Pixels(Extractor):
    """The image itself, resized to size × size and flattened, values in [0, 1].

    d = size²·channels, row by row, channel last; the resize is ``data.reading.fit_square``'s.

    When it lies: distances between pixels see shifts, brightness and noise before they see content; use it on small,
    centred, gray pictures or to show how a better space differs.

    Args: size: side in pixels, 1..64; channels: 1 (gray) or 3 (RGB).
    Raises: ConfigError for another size or number of channels.
    """

    size: int = 16
    channels: int = 3
    name = "pixels"

    def __post_init__(self) -> None:
        if not 1 <= self.size <= 64 or self.channels not in (1, 3):
            raise ConfigError(f"pixels: expected size 1..64 and channels 1 or 3; got {self.size} and {self.channels}")

    @property
    def dim(self) -> int:
        """Return size²·channels."""
        return self.size**2 * self.channels

    @property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return {
            "name": self.name,
            "version": "1",
            "weights_sha256": "",
            "preprocessing": f"fit_square {self.size}x{self.size}x{self.channels}, v/255",
            "precision": "float32",
            "decoder": str(decode.VERSION),
        }

    def prepare(self, image: Image) -> Image:
        """Resize one image."""
        return fit_square(image, self.size, self.channels)

    def extract(self, batch: PixelBatch) -> tuple[Float32[np.ndarray, "b d"], None]:
        """Return flat pixels in [0, 1]; no probabilities."""
        return batch.reshape(len(batch), -1).astype(np.float32) / np.float32(255), None
