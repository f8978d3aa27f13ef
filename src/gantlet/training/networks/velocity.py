"""Velocity fields v(x, t, label): a residual perceptron for points, a small U-Net for images."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from gantlet.core.interfaces.networks import ImageShape, PointShape

FREQUENCIES = 16
FASTEST = 64.0


class TimeFeatures(nn.Module):
    """t ↦ (sin ω_k t, cos ω_k t), ω_k from 1 to 64·2π evenly in the logarithm."""

    def __init__(self) -> None:
        super().__init__()
        rates = torch.exp(torch.linspace(0, math.log(2 * math.pi * FASTEST), FREQUENCIES))
        self.register_buffer("rates", rates, persistent=False)

    def forward(self, time: Float[Tensor, " b"]) -> Float[Tensor, "b f"]:
        """Return the features."""
        angle = time[:, None] * self.get_buffer("rates")
        return torch.cat([angle.sin(), angle.cos()], dim=1)


class PointVelocity(nn.Module):
    """Points: dense layers with shortcuts, SiLU; time and label enter every block."""

    def __init__(self, shape: PointShape, width: int, depth: int, context: int) -> None:
        super().__init__()
        self.into = nn.Linear(shape.dim, width)
        self.contexts = nn.ModuleList(nn.Linear(context, width) for _ in range(depth))
        self.inner = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.outer = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, shape.dim)

    def forward(self, x: Float[Tensor, "b d"], context: Float[Tensor, "b c"]) -> Float[Tensor, "b d"]:
        """Return v."""
        hidden = self.into(x)
        for told, inner, outer in zip(self.contexts, self.inner, self.outer, strict=True):
            hidden = hidden + outer(silu(inner(silu(hidden)) + told(context)))
        return self.out(silu(hidden))


class Block(nn.Module):
    """Two 3×3 convolutions with group normalisation and SiLU, a shortcut, and the context added between them."""

    def __init__(self, before: int, after: int, context: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.GroupNorm(_groups(before), before), nn.SiLU(), nn.Conv2d(before, after, 3, 1, 1))
        self.told = nn.Linear(context, after)
        self.second = nn.Sequential(nn.GroupNorm(_groups(after), after), nn.SiLU(), nn.Conv2d(after, after, 3, 1, 1))
        self.shortcut = nn.Identity() if before == after else nn.Conv2d(before, after, 1)

    def forward(self, x: Float[Tensor, "b c s s"], context: Float[Tensor, "b k"]) -> Float[Tensor, "b e s s"]:
        """Return the block's output."""
        return self.shortcut(x) + self.second(self.first(x) + self.told(context)[:, :, None, None])


class ImageVelocity(nn.Module):
    """Images: ``depth`` blocks per size at full, half and quarter size, and up again beside the maps of equal size."""

    def __init__(self, shape: ImageShape, width: int, depth: int, context: int) -> None:
        super().__init__()
        self.into = nn.Conv2d(shape.channels, width, 3, 1, 1)
        sizes = [width, 2 * width, 2 * width]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        before = width
        for channels in sizes:
            self.down.append(_stack(before, channels, depth, context))
            before = channels
        for channels in reversed(sizes[:-1]):
            self.up.append(_stack(before + channels, channels, depth, context))
            before = channels
        self.out = nn.Sequential(
            nn.GroupNorm(_groups(width), width), nn.SiLU(), nn.Conv2d(width, shape.channels, 3, 1, 1)
        )

    def forward(self, x: Float[Tensor, "b c s s"], context: Float[Tensor, "b k"]) -> Float[Tensor, "b c s s"]:
        """Return v."""
        hidden, kept = self.into(x), []
        for k, stack in enumerate(self.down):
            hidden = hidden if k == 0 else nn.functional.avg_pool2d(hidden, 2)
            hidden = _through(stack, hidden, context)
            kept.append(hidden)
        for stack, beside in zip(self.up, reversed(kept[:-1]), strict=True):
            wide = interpolate(hidden, scale_factor=2.0, mode="nearest")
            hidden = _through(stack, torch.cat([wide, beside], dim=1), context)
        return self.out(hidden)


def _stack(before: int, after: int, depth: int, context: int) -> nn.ModuleList:
    return nn.ModuleList(Block(before if k == 0 else after, after, context) for k in range(depth))


def _through(stack: nn.Module, x: Tensor, context: Tensor) -> Tensor:
    for block in stack.children():
        x = block(x, context)
    return x


def _groups(channels: int) -> int:
    return math.gcd(channels, 8)
