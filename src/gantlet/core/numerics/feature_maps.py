"""Feature maps that need no training: Haar packets, and an untrained convolutional network; both are differentiable."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gantlet.core.rng import torch_stream

FLOOR = 1 / 255
"""What is added to a coefficient's size before its logarithm: one level of gray, below which a difference is rounding."""
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


def haar_packets(images: Float[Tensor, "b c s s"], level: int) -> Float[Tensor, "b p c t t"]:
    """Return the p = 4^level Haar packets of square images, t = s/2^level: every band is split again at each level.

    One level maps a block of four pixels [a b; c d] to (a + b + c + d)/2 (mean), (a + b − c − d)/2 (a horizontal edge),
    (a − b + c − d)/2 (a vertical one) and (a − b − c + d)/2 (a diagonal one): an orthogonal map, so squares keep their sum.

    Args: images: float; the side is a multiple of 2^level. Returns: packets in natural order, the first level's band the
    leading digit in base 4. Source: Coifman & Wickerhauser 1992, for the packets; Haar's filter.
    """
    bands = images[:, None]
    for _ in range(level):
        a, b, c, d = (bands[..., i::2, j::2] for i in (0, 1) for j in (0, 1))
        split = [(a + b + c + d) / 2, (a + b - c - d) / 2, (a - b + c - d) / 2, (a - b - c + d) / 2]
        bands = torch.stack(split, dim=2).flatten(1, 2)
    return bands


def log_packets(images: Float[Tensor, "b c s s"], level: int, grid: int) -> Float[Tensor, "b d"]:
    """Return the mean of log(|w| + 1/255) over each of grid × grid cells of each packet w and channel: d = 4^level · c · grid².

    Args: images: in [0, 1]; the side is a multiple of grid · 2^level.
    """
    logs = torch.log(haar_packets(images, level).abs() + FLOOR).flatten(1, 2)
    return functional.avg_pool2d(logs, logs.shape[-1] // grid).flatten(1)
