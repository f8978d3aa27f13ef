"""FastGAN: small networks for few images; maps of low resolution gate the channels of high ones."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import DiscriminatorOutput, HeadedDiscriminator
from gantlet.core.interfaces.networks import ImageShape, Network, halvings, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, require_plain_norm
from gantlet.training.networks.halving import FromPoint

SLOPE = 0.2
REACH = 4
"""Doublings between a map and the one whose channels it gates: 4×4 and 64×64, 8×8 and 128×128."""


def gated(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c//2 h w"]:
    """Return the first half of the channels times the sigmoid of the second: the gated linear unit, without torch's split."""
    half = x.shape[1] // 2
    return x[:, :half] * torch.sigmoid(x[:, half:])


class Excitation(nn.Module):
    """y · σ(W₂ swish(W₁ pool₄(x))): the channels of a large map y, gated by a small one x, channel by channel.

    Source: Liu et al. 2021, arXiv:2101.04775, Eq. 1 and 2 (skip-layer excitation).
    """

    def __init__(self, small: int, large: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Conv2d(small, large, 4, bias=False),
            nn.SiLU(),
            nn.Conv2d(large, large, 1),
            nn.Sigmoid(),
        )

    def forward(self, small: Float[Tensor, "b c h w"], large: Float[Tensor, "b o i j"]) -> Float[Tensor, "b o i j"]:
        """Return the large map, gated."""
        return large * self.gate(small)


class Doubled(nn.Module):
    """Nearest doubling, 3×3 convolution to twice the channels, batch normalisation, gated linear unit."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.grown = nn.Upsample(scale_factor=2, mode="nearest")
        self.mix = nn.Conv2d(before, 2 * after, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(2 * after)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o 2*h 2*w"]:
        """Return the map at twice the size."""
        return gated(self.norm(self.mix(self.grown(x))))


def _gates(times: int) -> dict[int, int]:
    """Return which map gates which, as doublings from 4×4: those ``REACH`` apart, else the first the last where three lie between them."""
    pairs = {low: low + REACH for low in range(1 + times - REACH)}
    return pairs or ({0: times} if times >= REACH - 1 else {})


class FastganGenerator(nn.Module):
    """z → 4×4 by a transposed convolution and a gated unit, doubled to the image's size; small maps gate large ones; 3×3, tanh."""

    def __init__(self, plan: "Fastgan", shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        times = stages(shape)
        require_plain_norm(conditioning, n_classes, "fastgan")
        widths = [min(plan.width * 2**i, plan.most or 8 * plan.width) for i in reversed(range(times + 1))]
        self.start = FromPoint(inputs, 2 * widths[0], bias=False)
        self.norm = nn.BatchNorm2d(2 * widths[0])
        self.blocks = nn.ModuleList(Doubled(a, b) for a, b in pairwise(widths))
        self.gating = _gates(times)
        self.gates = nn.ModuleDict(
            {str(high): Excitation(widths[low], widths[high]) for low, high in self.gating.items()}
        )
        self.image = nn.Conv2d(widths[-1], shape.channels, 3, padding=1)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images in (−1, 1)."""
        maps = [gated(self.norm(self.start(self.label(z, labels)[:, :, None, None])))]
        from_low = {high: low for low, high in self.gating.items()}
        for place, block in enumerate(self.blocks, 1):
            x = block(maps[-1])
            maps.append(self.gates[str(place)](maps[from_low[place]], x) if place in from_low else x)
        return torch.tanh(self.image(maps[-1]))


class Halved(nn.Module):
    """The mean of two ways to half the size: 4×4 strided and 3×3 convolutions, and pooling with a 1×1 convolution; normalised unless ``bare``."""

    def __init__(self, before: int, after: int, bare: bool) -> None:
        super().__init__()

        def layer(convolution: nn.Module) -> list[nn.Module]:
            return [convolution, *([] if bare else [nn.BatchNorm2d(after)]), nn.LeakyReLU(SLOPE)]

        self.main = nn.Sequential(
            *layer(nn.Conv2d(before, after, 4, 2, 1, bias=bare)),
            *layer(nn.Conv2d(after, after, 3, padding=1, bias=bare)),
        )
        self.direct = nn.Sequential(nn.AvgPool2d(2), *layer(nn.Conv2d(before, after, 1, bias=bare)))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h/2 w/2"]:
        """Return the map at half the size."""
        return (self.main(x) + self.direct(x)) / 2


class FastganDiscriminator(HeadedDiscriminator):
    """A convolution at the image's size, then halving blocks of two ways to 4×4, and the head."""

    def __init__(self, plan: "Fastgan", shape: ImageShape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        widths = [min(plan.width * 2**i, plan.most or 8 * plan.width) for i in range(halvings(shape) + 1)]
        self.image = nn.Conv2d(shape.channels + extra, widths[0], 3, padding=1)
        bare = plan.norm == "none"
        self.blocks = nn.Sequential(*(Halved(a, b, bare) for a, b in pairwise(widths)))
        self.head = rule.head(16 * widths[-1], n_classes)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the flattened 4×4 features."""
        x = self.blocks(leaky_relu(self.image(self.label(images, labels)), SLOPE))
        return self.head(x.flatten(1), labels)


@NETWORKS.register("fastgan", source="Liu et al. 2021, arXiv:2101.04775, §3")
@dataclass(frozen=True)
class Fastgan(Network[ImageShape]):
    """Small networks for few images: gated units in G, and skip-layer excitation y · σ(W₂ swish(W₁ pool₄(x))) of large maps by small ones.

    G: a transposed convolution to 4×4, blocks of nearest doubling, 3×3 convolution, batch normalisation and gated linear unit; the maps of 4×4
    and 8×8 gate those of 64×64 and 128×128 (at 32 pixels 4×4 gates the last). D: blocks that halve in two ways and take the mean.

    When to use it: with `hinge`, `ema` and an augmentation (`ada`, `bcr`) on some hundred to some thousand pictures.

    Options: ``width``, channels at the image's size (they double towards 4×4); ``most``, their limit (0: 8 × width); ``norm``, D's: batch, or
    none, which any gradient penalty requires.

    Sizes 8 … 128, not 48; 1 or 3 channels. Raises: ConfigError for width < 1, most < 0 or another norm.
    Convention: D is not decoded (the paper reconstructs real images from its maps as a further task), has one head in place of
    logits of patches, and no excitation of its own.
    Source: Liu et al. 2021, arXiv:2101.04775, §3.1 (excitation) and §3.2; from memory.
    """

    width: int = 32
    most: int = 0
    norm: str = "batch"

    def __post_init__(self) -> None:
        if self.width < 1 or self.most < 0 or self.norm not in ("batch", "none"):
            raise ConfigError(
                f"network 'fastgan': expected width ≥ 1, most ≥ 0, norm batch or none; got {self.width}, {self.most}, {self.norm!r}"
            )

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        return FastganGenerator(self, shape, latent, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return FastganDiscriminator(self, shape, conditioning, n_classes)
