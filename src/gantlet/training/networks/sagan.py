"""SAGAN: residual networks with self-attention on one map, spectrally normalised in both players."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import relu
from torch.nn.utils.parametrizations import spectral_norm

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.hooks import Refuses
from gantlet.core.interfaces.modules import DiscriminatorOutput, HeadedDiscriminator
from gantlet.core.interfaces.networks import PLANES, ImageShape, Network, halvings, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, generator_norm
from gantlet.training.networks.labels import LabelledSequential, ProjectionHead
from gantlet.training.networks.resnet import DownBlock, UpBlock, xavier


class SelfAttention(nn.Module):
    """x + γ·v(Σ_i β_ji h(x_i)), β_j = softmax_i(f(x_i)ᵀ g(x_j)) over all positions i of the map; γ starts at 0."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // 8)
        self.f, self.g, self.h = (xavier(nn.Conv2d(channels, inner, 1, bias=False)) for _ in range(3))
        self.v = xavier(nn.Conv2d(inner, channels, 1, bias=False))
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Return the map with what each position draws from all others."""
        f, g, h = (layer(x).flatten(2) for layer in (self.f, self.g, self.h))
        attention = torch.softmax(g.transpose(1, 2) @ f, dim=2)  # [b, j, i]
        drawn = (h @ attention.transpose(1, 2)).unflatten(2, x.shape[2:])
        return x + self.gamma * self.v(drawn)


def _widths(plan: "Sagan", times: int) -> list[int]:
    """Return the channels of the maps from half the image's side down to the smallest."""
    return [plan.width * 2**i for i in range(times)]


def _attended(plan: "Sagan", shape: ImageShape) -> int:
    """Return the side of the attended map: the largest below the image's that is at most ``attention``, or the smallest."""
    sides = [shape.size >> i for i in range(1, halvings(shape, PLANES) + 1)]
    return next((side for side in sides if side <= plan.attention), sides[-1])


def normalise(network: nn.Module) -> None:
    """Divide every convolution's, dense layer's and projection's weight by its largest singular value."""
    layers: list[nn.Module] = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    layers += [m.embedding for m in network.modules() if isinstance(m, ProjectionHead)]
    for layer in layers:
        spectral_norm(layer)


class SaganGenerator(nn.Module):
    """z → dense to 4×4 (48 pixels: 6×6), doubling blocks that halve the channels, attention on one map, norm–ReLU–3×3–tanh."""

    def __init__(self, plan: "Sagan", shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        times = stages(shape, PLANES)
        side, widths = shape.size >> times, _widths(plan, times)[::-1]
        self.dense = xavier(nn.Linear(inputs, widths[0] * side**2))
        self.unflatten = nn.Unflatten(1, (widths[0], side, side))
        self.blocks, before, attended = nn.ModuleList(), widths[0], _attended(plan, shape)
        for i, width in enumerate(widths):
            if side << i == attended:
                self.blocks.append(SelfAttention(before))
            self.blocks.append(UpBlock(before, width, conditioning, n_classes))
            before = width
        self.image = LabelledSequential(
            generator_norm(conditioning, before, n_classes),
            nn.ReLU(),
            xavier(nn.Conv2d(before, shape.channels, 3, padding=1)),
            nn.Tanh(),
        )
        normalise(self)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images in (−1, 1)."""
        x = self.unflatten(self.dense(self.label(z, labels)))
        for block in self.blocks:
            x = block(x) if isinstance(block, SelfAttention) else block(x, labels)
        return self.image(x, labels)


class SaganDiscriminator(HeadedDiscriminator):
    """Halving blocks to 4×4 (48 pixels: 6×6) that double the channels, attention on one map, one more block, ReLU, sum, head."""

    def __init__(self, plan: "Sagan", shape: ImageShape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        widths, before = _widths(plan, halvings(shape, PLANES)), shape.channels + extra
        blocks: list[nn.Module] = []
        for i, width in enumerate(widths):
            blocks.append(DownBlock(before, width, down=True, first=i == 0))
            if shape.size >> (i + 1) == _attended(plan, shape):
                blocks.append(SelfAttention(width))
            before = width
        self.blocks = nn.Sequential(*blocks, DownBlock(before, before, down=False))
        self.head = rule.head(before, n_classes)
        for module in self.head.modules():
            xavier(module)
        normalise(self)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the features, summed over the map."""
        return self.head(relu(self.blocks(self.label(images, labels))).sum((2, 3)), labels)


@NETWORKS.register("sagan", source="Zhang et al. 2019, arXiv:1805.08318, §3 and §4")
@dataclass(frozen=True)
class Sagan(Network[ImageShape], Refuses):
    """Residual networks in which every position of one map attends to all others; spectral normalisation in both players.

    o_j = v(Σ_i β_ji h(x_i)), β_ji = softmax_i(f(x_i)ᵀ g(x_j)), y_j = γ·o_j + x_j; f, g, h, v are 1×1 convolutions with an
    eighth of the channels inside, γ is learned from 0. G: dense to 4×4, doubling blocks with batch normalisation; D: halving
    blocks to 4×4, one more, ReLU, sum over the map. Options: ``width``, channels at half the image's side (they double
    towards 4×4); ``attention``, the side of the map that attends (the largest below the image's up to it).

    When to use it: with `hinge`, rates 1e-4 (G) and 4e-4 (D), β = (0, .9) and `conditional-batch-norm`, for images whose far
    parts belong together. Attention costs the fourth power of the side. Sizes 8 … 128 and 48; 1 or 3 channels.

    Raises: ConfigError for width or attention < 1, and with spectral-norm or weight-clipping, which it makes idle.
    Convention: one power iteration in every training pass, torch's own (transposed kernels do not occur); without the
    max-pooling of the authors' code inside the attention; embeddings of conditional normalisation are not normalised.
    Source: Zhang et al. 2019, arXiv:1805.08318, §3 (attention) and §4 (networks, rates).
    """

    width: int = 64
    attention: int = 32

    def __post_init__(self) -> None:
        if self.width < 1 or self.attention < 1:
            raise ConfigError(f"network 'sagan': expected width, attention ≥ 1; got {self.width}, {self.attention}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with another rule for the same weights."""
        idle = [name for name in ("spectral-norm", "weight-clipping") if name in others]
        return (
            f"its weights are divided by their norms already, which makes {idle[0]} idle; leave it out"
            if idle
            else None
        )

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        return SaganGenerator(self, shape, latent, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return SaganDiscriminator(self, shape, conditioning, n_classes)
