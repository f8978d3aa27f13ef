"""The Inception v3 network of 2015 that FID is defined on, for inference: batch norm folded into every convolution."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

BATCH_NORM_EPSILON = 1e-3
SPATIAL = 7
TAPS = {
    "64": 64,
    "192": 192,
    "spatial": 17 * 17 * SPATIAL,
    "768": 768,
    "2048": 2048,
    "logits_unbiased": 1008,
    "logits": 1008,
}
"""The taps and their dimensions, in the network's order."""


class FoldedConv(nn.Module):
    """A convolution with its batch norm folded in, then ReLU: w' = w·γ/√(σ² + ε), b' = β − μ·γ/√(σ² + ε)."""

    weight: Tensor
    bias: Tensor

    def __init__(self, state: Mapping[str, Tensor], name: str, stride: int = 1, padding: tuple[int, int] = (0, 0)):
        super().__init__()
        norm = {part: state[f"{name}.bn.{part}"].double() for part in ("weight", "bias", "running_mean", "running_var")}
        scale = norm["weight"] / torch.sqrt(norm["running_var"] + BATCH_NORM_EPSILON)
        weight = state[f"{name}.conv.weight"].double() * scale[:, None, None, None]
        self.register_buffer("weight", weight.float().contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", (norm["bias"] - norm["running_mean"] * scale).float())
        self.stride, self.padding = stride, padding

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c_out h_out w_out"]:
        return functional.relu(functional.conv2d(x, self.weight, self.bias, self.stride, self.padding), inplace=True)


def chain(state: Mapping[str, Tensor], block: str, *names: str, stride: int = 1) -> nn.Sequential:
    """Return convolutions one after the other; ``stride`` is the last one's, whose input is then not padded.

    All others keep their input's size: a k×l kernel pads by k//2 and l//2.
    """
    layers = []
    for name in names:
        kernel = state[f"{block}.{name}.conv.weight"].shape[2:]
        strides = name == names[-1] and stride > 1
        padding = (0, 0) if strides else (kernel[0] // 2, kernel[1] // 2)
        layers.append(FoldedConv(state, f"{block}.{name}", stride if strides else 1, padding))
    return nn.Sequential(*layers)


def average_pool(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """Return means over 3×3 windows; the border's windows count their real pixels only (TensorFlow's SAME)."""
    return functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def max_pool(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """Return maxima over 3×3 windows, of the same size."""
    return functional.max_pool2d(x, 3, 1, 1)


class Mixed(nn.Module):
    """Parallel branches side by side: chains of convolutions, then the pooling branch."""

    def __init__(self, state: Mapping[str, Tensor], name: str, *branches: tuple[str, ...]) -> None:
        super().__init__()
        self.branches = nn.ModuleList([chain(state, name, *branch) for branch in branches])
        self.pool = chain(state, name, "branch_pool")

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c_out h w"]:
        return torch.cat([*(branch(x) for branch in self.branches), self.pool(average_pool(x))], dim=1)


class Reduction(nn.Module):
    """Branches that halve the image: convolutions whose last one has stride 2, and a 3×3 max pool of stride 2."""

    def __init__(self, state: Mapping[str, Tensor], name: str, *branches: tuple[str, ...]) -> None:
        super().__init__()
        self.branches = nn.ModuleList([chain(state, name, *branch, stride=2) for branch in branches])

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c_out h_out w_out"]:
        return torch.cat([*(branch(x) for branch in self.branches), functional.max_pool2d(x, 3, 2)], dim=1)


class Wide(nn.Module):
    """The last blocks, whose 3×3 branches end in a 1×3 and a 3×1 convolution side by side.

    Convention: the second of them pools by maximum; the 2015 graph does so, and FID inherits it.
    """

    def __init__(self, state: Mapping[str, Tensor], name: str, *, maximum: bool) -> None:
        super().__init__()
        self.one = chain(state, name, "branch1x1")
        self.three = chain(state, name, "branch3x3_1")
        self.stacked = chain(state, name, "branch3x3dbl_1", "branch3x3dbl_2")
        self.three_ends = nn.ModuleList([chain(state, name, f"branch3x3_2{end}") for end in "ab"])
        self.stacked_ends = nn.ModuleList([chain(state, name, f"branch3x3dbl_3{end}") for end in "ab"])
        self.pool = chain(state, name, "branch_pool")
        self.maximum = maximum

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 2048 h w"]:
        three, stacked = self.three(x), self.stacked(x)
        pooled = max_pool(x) if self.maximum else average_pool(x)
        ends = [*(end(three) for end in self.three_ends), *(end(stacked) for end in self.stacked_ends)]
        return torch.cat([self.one(x), *ends, self.pool(pooled)], dim=1)


def _sevens(state: Mapping[str, Tensor], name: str) -> Mixed:
    doubled = tuple(f"branch7x7dbl_{i}" for i in range(1, 6))
    return Mixed(state, name, ("branch1x1",), ("branch7x7_1", "branch7x7_2", "branch7x7_3"), doubled)


class Network(nn.Module):
    """The whole network; input [b, 3, 299, 299], about −1..1. ``state`` has the published names (566 of them).

    ``precision``: of the convolutions; averages over space and the logits are float32 always.
    Source: Szegedy et al. 2016, arXiv:1512.00567, Table 1, in the form of TensorFlow's graph of 2015-12-05.
    """

    fc_weight: Tensor
    fc_bias: Tensor

    def __init__(self, state: Mapping[str, Tensor], precision: torch.dtype = torch.float32) -> None:
        super().__init__()
        doubled = tuple(f"branch3x3dbl_{i}" for i in (1, 2, 3))
        first = [FoldedConv(state, "Conv2d_1a_3x3", 2), FoldedConv(state, "Conv2d_2a_3x3")]
        self.to_64 = nn.Sequential(*first, FoldedConv(state, "Conv2d_2b_3x3", 1, (1, 1)), nn.MaxPool2d(3, 2))
        second = [FoldedConv(state, "Conv2d_3b_1x1"), FoldedConv(state, "Conv2d_4a_3x3")]
        self.to_192 = nn.Sequential(*second, nn.MaxPool2d(3, 2))
        self.to_768 = nn.Sequential(
            *(Mixed(state, f"Mixed_5{x}", ("branch1x1",), ("branch5x5_1", "branch5x5_2"), doubled) for x in "bcd"),
            Reduction(state, "Mixed_6a", ("branch3x3",), doubled),
            *(_sevens(state, f"Mixed_6{x}") for x in "bcde"),
        )
        self.to_2048 = nn.Sequential(
            Reduction(
                state,
                "Mixed_7a",
                ("branch3x3_1", "branch3x3_2"),
                tuple(f"branch7x7x3_{i}" for i in range(1, 5)),
            ),
            Wide(state, "Mixed_7b", maximum=False),
            Wide(state, "Mixed_7c", maximum=True),
        )
        self.to(precision)
        self.precision = precision
        self.register_buffer("fc_weight", state["fc.weight"].float())
        self.register_buffer("fc_bias", state["fc.bias"].float())

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> dict[str, Float[Tensor, "b _"]]:
        """Return every tap: 64 to 2048 averaged over space, then 1008 logits without and with their bias.

        ``spatial``: the first 7 channels of Mixed_6d (17×17, TensorFlow's order), the space of sFID.
        """
        x, taps = x.to(self.precision), {}
        for name, stage in (("64", self.to_64), ("192", self.to_192), ("spatial", self.to_768[:-1])):
            x = stage(x)
            taps[name] = x.float().mean(dim=(2, 3))
        taps["spatial"] = x[:, :SPATIAL].float().permute(0, 2, 3, 1).flatten(1)
        for name, stage in (("768", self.to_768[-1]), ("2048", self.to_2048)):
            x = stage(x)
            taps[name] = x.float().mean(dim=(2, 3))
        taps["logits_unbiased"] = functional.linear(taps["2048"], self.fc_weight)
        taps["logits"] = taps["logits_unbiased"] + self.fc_bias
        return taps
