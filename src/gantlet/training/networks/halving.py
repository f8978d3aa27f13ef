"""The 4×4 convolution that halves the side and its transpose that doubles it, each by the fastest of several equal computations.

On the CPU a convolution library loses time in three places, and a matrix product or another convolution gives the same numbers
up to rounding: where few channels stand on the image's side (it computes in blocks of 16), where the map is one pixel, and in
the gradient of the kernels where the maps are small (it sums over pixels, of which there are few). Of layers of 32-pixel
DCGAN at width 64 and batch 64, one thread: 7.5 → 1.4 ms, 3.1 → 0.9 ms and, in bfloat16, 10 → 5 ms.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

FEW = 8
"""Channels below which patches are computed by a product and summed."""
SMALL = 4
"""Side of the halved maps up to which the kernels' gradient is taken as a convolution over the batch."""


def halved(x: Float[Tensor, "b c ss ss"], kernels: Float[Tensor, "o c 4 4"]) -> Float[Tensor, "b o s s"]:
    """Return conv2d(x, kernels, stride 2, padding 1); differentiable any number of times."""
    if _plain(x):
        return functional.conv2d(x, kernels, None, 2, 1)
    maps: Tensor = _Halved.apply(*_cast(x, kernels))
    return maps


def doubled(x: Float[Tensor, "b o s s"], kernels: Float[Tensor, "o c 4 4"]) -> Float[Tensor, "b c ss ss"]:
    """Return conv_transpose2d(x, kernels, stride 2, padding 1), the transpose of `halved` in x."""
    if _plain(x):
        return functional.conv_transpose2d(x, kernels, None, 2, 1)
    maps: Tensor = _Doubled.apply(*_cast(x, kernels))
    return maps


class _Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Tensor) -> Tensor:
        ctx.save_for_backward(x, kernels)
        return functional.conv2d(x, kernels, None, 2, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, kernels = ctx.saved_tensors
        to_x = doubled(gradient, kernels) if ctx.needs_input_grad[0] else None
        return to_x, (_to_kernels(x, gradient, kernels) if ctx.needs_input_grad[1] else None)


class _Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Tensor) -> Tensor:
        ctx.save_for_backward(x, kernels)
        if kernels.shape[1] >= FEW:
            return functional.conv_transpose2d(x, kernels, None, 2, 1)
        patches = x.permute(0, 2, 3, 1).flatten(1, 2) @ kernels.flatten(1)
        return functional.fold(patches.transpose(1, 2), (2 * x.shape[2], 2 * x.shape[3]), 4, padding=1, stride=2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, kernels = ctx.saved_tensors
        to_x = halved(gradient, kernels) if ctx.needs_input_grad[0] else None
        return to_x, (_to_kernels(gradient, x, kernels) if ctx.needs_input_grad[1] else None)


def _to_kernels(large: Tensor, small: Tensor, kernels: Tensor) -> Tensor:
    """Return Σ over images and positions of small ⊗ the patch of large there: the gradient of the kernels, either way.

    As a convolution: images and channels change places, the small maps are the kernels and stand two pixels apart.
    """
    if small.shape[-1] <= SMALL:
        return functional.conv2d(large.transpose(0, 1), small.transpose(0, 1), None, 1, 1, 2).transpose(0, 1)
    geometry = ((2, 2), (1, 1), (1, 1), False, (0, 0), 1)
    gradient_of_kernels: Tensor = torch.ops.aten.convolution_backward(
        small, large, kernels, None, *geometry, (False, True, False)
    )[1]
    return gradient_of_kernels


def _plain(x: Tensor) -> bool:
    """Return whether the library's own convolution is taken: on other devices, and for a graph that is written down."""
    return x.device.type != "cpu" or torch.jit.is_tracing()  # type: ignore[attr-defined]  # torch's stubs do not export it


def _cast(x: Tensor, kernels: Tensor) -> tuple[Tensor, Tensor]:
    """Return both in the dtype of autocast for a convolution."""
    if not torch.is_autocast_enabled("cpu"):
        return x, kernels
    dtype = torch.get_autocast_dtype("cpu")
    return x.to(dtype), kernels.to(dtype)


class Halving(nn.Conv2d):
    """Conv2d(before, after, 4, stride 2, padding 1) by `halved`."""

    def __init__(self, before: int, after: int, bias: bool = True) -> None:
        super().__init__(before, after, 4, 2, 1, bias=bias)

    def forward(self, x: Float[Tensor, "b c ss ss"]) -> Float[Tensor, "b o s s"]:
        """Return the maps of half the side."""
        return _with_bias(halved(x, self.weight), self.bias)


class Doubling(nn.ConvTranspose2d):
    """ConvTranspose2d(before, after, 4, stride 2, padding 1) by `doubled`."""

    def __init__(self, before: int, after: int, bias: bool = True) -> None:
        super().__init__(before, after, 4, 2, 1, bias=bias)

    def forward(self, x: Float[Tensor, "b o s s"], output_size: list[int] | None = None) -> Float[Tensor, "b c ss ss"]:
        """Return the maps of twice the side."""
        return _with_bias(doubled(x, self.weight), self.bias)


class FromPoint(nn.ConvTranspose2d):
    """ConvTranspose2d(before, after, 4) of 1×1 maps: y[b, o, i, j] = Σ_c x[b, c] w[c, o, i, j] (+ bias), one product."""

    def __init__(self, before: int, after: int, bias: bool = True) -> None:
        super().__init__(before, after, 4, bias=bias)

    def forward(self, x: Float[Tensor, "b c 1 1"], output_size: list[int] | None = None) -> Float[Tensor, "b o 4 4"]:
        """Return 4×4 maps, channels last."""
        kernels = self.weight.permute(0, 2, 3, 1)
        maps = (x.flatten(1) @ kernels.flatten(1)).unflatten(1, kernels.shape[1:]).permute(0, 3, 1, 2)
        return _with_bias(maps, self.bias)


def _with_bias(maps: Tensor, bias: Tensor | None) -> Tensor:
    return maps if bias is None else maps + bias.to(maps.dtype)[:, None, None]
