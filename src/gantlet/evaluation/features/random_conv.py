"""An untrained convolutional network with seeded weights: features where no trained network fits."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.numerics.feature_maps import random_network
from gantlet.data import decode
from gantlet.data.reading import SIZES, PixelBatch, Pixels, fit_square
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.cache import arrays_digest


@EXTRACTORS.register(
    "random-conv",
    source="Naeem et al. 2020, arXiv:2002.09797, section 3.4; Ulyanov et al. 2018, arXiv:1711.10925",
    unrounded=True,
)
@dataclass(frozen=True)
class RandomConv(Extractor):
    """An untrained convolutional network with seeded random weights: no training set, no download, any image domain.

    Images are brought to ``size`` pixels (``data.reading.fit_square``), (v/127.5 − 1); 3×3 convolutions with ReLU and
    average pooling, then ``dim`` random linear features. Equal seeds give equal weights everywhere.

    When it lies: it knows nothing of objects; it weighs all visible differences, colour and layout first, and another
    seed is another space. Compare numbers of one seed only, and repeat with others before you believe a small gap.

    Args: size: 8, 16, 32 or 64; channels: 1 or 3; dim: number of features, 2..2048; seed: of the weights.
    Raises: ConfigError for other values.
    """

    size: int = 32
    channels: int = 3
    dim: int = 64
    seed: int = 0
    name = "random-conv"

    def __post_init__(self) -> None:
        if self.size not in SIZES or self.channels not in (1, 3) or not 2 <= self.dim <= 2048 or self.seed < 0:
            raise ConfigError(
                "random-conv: expected size 8, 16, 32 or 64, channels 1 or 3, dim 2..2048 and seed ≥ 0; got "
                f"{self.size}, {self.channels}, {self.dim} and {self.seed}"
            )

    @cached_property
    def _network(self) -> nn.Sequential:
        """Return the network, made on first use."""
        return random_network(self.size, self.channels, self.dim, self.seed)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        weights = {name: value.numpy() for name, value in self._network.state_dict().items()}
        return {
            "name": self.name,
            "version": "1",
            "weights_sha256": arrays_digest(weights),
            "preprocessing": f"fit_square {self.size}x{self.size}x{self.channels}, v/127.5 - 1",
            "precision": "float32",
            "decoder": str(decode.VERSION),
        }

    def prepare(self, image: Pixels) -> Pixels:
        """Bring one image to the network's size and channels."""
        return fit_square(image, self.size, self.channels)

    def extract(self, batch: PixelBatch) -> tuple[Float32[np.ndarray, "b d"], None]:
        """Return features [b, dim]; no probabilities."""
        with torch.inference_mode():
            pixels = torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 127.5 - 1
            return self._network(pixels).numpy(), None
