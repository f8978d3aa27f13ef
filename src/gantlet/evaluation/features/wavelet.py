"""Wavelet packets as features: textures by scale and direction, with no network."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.numerics.feature_maps import haar_packets, log_packets
from gantlet.core.words import counted
from gantlet.data import decode
from gantlet.data.reading import PixelBatch, Pixels, fit_square
from gantlet.evaluation.features import EXTRACTORS

FORMS = ("log", "coefficients")
LARGEST = 16_384


@EXTRACTORS.register("wavelet", source="Veeramacheneni et al. 2025, arXiv:2312.15289", unrounded=True)
@dataclass(frozen=True)
class Wavelet(Extractor):
    """Haar wavelet packets of the image: how strong its texture is at each scale and direction, and where; no network.

    The image at size × size with values in [0, 1] is split into 4^level packets (`haar_packets`). form=log (default): the mean of
    log(|w| + 1/255) over each of grid × grid cells of each packet and colour: d = 4^level · channels · grid². form=coefficients:
    the coefficients w themselves, d = size² · channels, or those of one packet alone (``packet`` ≥ 0).

    The Fréchet Wavelet Distance is the mean over packets of the Fréchet distance in wavelet[form=coefficients,packet=p]; the
    paper takes images at their own size and level 4. All packets together are a rotation of the pixels, so a Fréchet distance in
    them is that of the pixels; the logarithm is what makes a space of its own of them.

    When it lies: it sees texture, sharpness and layout, and no content: a shuffled or abstract picture with the right spectrum
    passes. Images larger than ``size`` lose their finest scales on the way. JPEG and resizing on one side alone dominate it.

    Args: size: side in pixels, a multiple of grid · 2^level, 8..512; level: 1..5; grid: cells per side; channels: 1 or 3; form:
    log or coefficients; packet: one packet in natural order, −1 for all, with form=coefficients.
    Raises: ConfigError for other values.
    Convention: 1/255 in the logarithm where the paper's program has 1e-6: flat areas would else decide the distance.
    """

    size: int = 64
    level: int = 3
    grid: int = 2
    channels: int = 3
    form: str = "log"
    packet: int = -1
    name = "wavelet"

    def __post_init__(self) -> None:
        if not 8 <= self.size <= 512 or not 1 <= self.level <= 5 or self.channels not in (1, 3) or self.grid < 1:
            raise ConfigError(
                "wavelet: expected size 8..512, level 1..5, channels 1 or 3 and grid ≥ 1; got "
                f"{self.size}, {self.level}, {self.channels} and {self.grid}"
            )
        if self.size % (2**self.level * self.grid):
            raise ConfigError(
                f"wavelet: expected a size that is a multiple of grid · 2^level = {self.grid * 2**self.level}; got {self.size}"
            )
        if self.form not in FORMS:
            raise ConfigError(f"wavelet: option 'form' must be one of {', '.join(FORMS)}; got {self.form!r}")
        if not -1 <= self.packet < 4**self.level or (self.packet >= 0 and self.form == "log"):
            raise ConfigError(
                f"wavelet: expected packet −1, or 0..{4**self.level - 1} with form=coefficients; got {self.packet}"
            )
        if self.dim > LARGEST:
            raise ConfigError(
                f"wavelet: {counted(self.dim, 'feature', 'are')} more than {LARGEST:,}; choose a smaller size, grid or level, or one packet"
            )

    @property
    def dim(self) -> int:
        """Return the number of features."""
        if self.form == "log":
            return int(4**self.level * self.channels * self.grid**2)
        whole = self.size**2 * self.channels
        return whole if self.packet < 0 else int(whole // 4**self.level)

    @property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return {
            "name": self.name,
            "version": "1",
            "weights_sha256": "",
            "preprocessing": f"fit_square {self.size}x{self.size}x{self.channels}, v/255, Haar packets of level {self.level}",
            "tap": f"log, grid {self.grid}" if self.form == "log" else f"coefficients, packet {self.packet}",
            "precision": "float32",
            "decoder": str(decode.VERSION),
        }

    def prepare(self, image: Pixels) -> Pixels:
        """Bring one image to the space's size and channels."""
        return fit_square(image, self.size, self.channels)

    def extract(self, batch: PixelBatch) -> tuple[Float32[np.ndarray, "b d"], None]:
        """Return the features of prepared images; no probabilities."""
        with torch.inference_mode():
            images = torch.tensor(np.asarray(batch, np.float32)).permute(0, 3, 1, 2) / 255
            if self.form == "log":
                return log_packets(images, self.level, self.grid).numpy(), None
            packets = haar_packets(images, self.level)
            return (packets if self.packet < 0 else packets[:, self.packet]).flatten(1).numpy(), None
