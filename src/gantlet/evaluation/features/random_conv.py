"""An untrained convolutional network with seeded weights: features where no trained network fits."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.rng import torch_stream
from gantlet.data import decode
from gantlet.data.reading import SIZES, PixelBatch, Pixels, fit_square
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.cache import arrays_digest

WIDTH = 32


def random_network(size: int, channels: int, dim: int, seed: int) -> nn.Sequential:
    """Return 3×3 convolutions with ReLU, each followed by 2×2 average pooling down to 4 pixels, then d linear outputs.

    Width 32, doubled at each halving; weights N(0, 2/fan_in) (He et al. 2015), no biases.
    """
    layers: list[nn.Module] = []
    side, into, width = size, channels, WIDTH
    while True:
        layers += [nn.utils.skip_init(nn.Conv2d, into, width, 3, padding=1, bias=False), nn.ReLU(inplace=True)]
        if side <= 4:
            break
        layers.append(nn.AvgPool2d(2))
        side, into, width = side // 2, width, 2 * width
    layers += [nn.Flatten(), nn.utils.skip_init(nn.Linear, width * side * side, dim, bias=False)]
    chance = torch_stream(seed, "random-conv")
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=chance)
    return nn.Sequential(*layers).eval().requires_grad_(False)


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
