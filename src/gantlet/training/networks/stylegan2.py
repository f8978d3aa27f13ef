"""StyleGAN2: a mapping network and modulated convolutions, images as a sum over resolutions; a residual discriminator."""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu, linear

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import DiscriminatorOutput, HeadedDiscriminator, StyledModule
from gantlet.core.interfaces.networks import ImageShape, Network, halvings, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, require_plain_norm
from gantlet.training.networks.r3gan import double, halve

SLOPE, GAIN = 0.2, math.sqrt(2)
EPSILON = 1e-8


class Dense(nn.Module):
    """x W'/√fan-in + b with W ~ N(0, 1/``pace``²): an equalised learning rate, ``pace`` times as fast."""

    def __init__(self, before: int, after: int, pace: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before) / pace)
        self.bias = nn.Parameter(torch.full((after,), bias / pace))
        self.pace = pace

    def forward(self, x: Float[Tensor, "b k"]) -> Float[Tensor, "b m"]:
        """Return the layer's output."""
        return linear(x, self.weight * (self.pace / math.sqrt(self.weight.shape[1])), self.bias * self.pace)


class Convolution(nn.Module):
    """A convolution with W ~ N(0, 1) over √fan-in, and a bias."""

    def __init__(self, before: int, after: int, side: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, side, side))
        self.bias = nn.Parameter(torch.zeros(after)) if bias else None

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h w"]:
        """Return the maps, of the same size."""
        scaled = self.weight / math.sqrt(self.weight[0].numel())
        return conv2d(x, scaled, self.bias, padding=self.weight.shape[-1] // 2)


class Modulated(nn.Module):
    """A convolution whose weights are the style's: w'_oik = s_i w_oik, over √(Σ_ik w'² + ε) where it is ``normed``.

    Source: Karras et al. 2020, arXiv:1912.04958, Eq. 1 and 3. Scaling maps before and after is the same as scaling weights.
    """

    def __init__(self, before: int, after: int, side: int, style: int, normed: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, side, side))
        self.bias = nn.Parameter(torch.zeros(after))
        self.style = Dense(style, before, bias=1.0)
        self.normed = normed

    def forward(self, x: Float[Tensor, "b c h w"], w: Float[Tensor, "b k"]) -> Float[Tensor, "b o h w"]:
        """Return the maps, of the same size."""
        weight, scale = self.weight / math.sqrt(self.weight[0].numel()), self.style(w)
        y = conv2d(x * scale[:, :, None, None], weight, padding=weight.shape[-1] // 2)
        if self.normed:
            energy = scale.square() @ weight.square().mean((2, 3)).t() * weight[0, 0].numel()
            y = y * torch.rsqrt(energy + EPSILON)[:, :, None, None]
        return y + self.bias[:, None, None]


def _widths(plan: "Stylegan2", shape: ImageShape) -> list[int]:
    """Return the channels of each resolution from the image's size down to 4×4."""
    return [min(plan.width * 2**i, plan.most or 8 * plan.width) for i in range(halvings(shape) + 1)]


class StyleganGenerator(StyledModule):
    """z → w by dense layers; a learned 4×4 map, two modulated convolutions per resolution; images are added up over resolutions."""

    def __init__(self, plan: "Stylegan2", shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        stages(shape)
        require_plain_norm(conditioning, n_classes, "stylegan2")
        widths, style = _widths(plan, shape)[::-1], plan.style
        sides = [inputs, *[style] * plan.mapping]
        self.mapping = nn.ModuleList(Dense(a, b, pace=0.01) for a, b in pairwise(sides))
        self.start = nn.Parameter(torch.randn(widths[0], 4, 4))
        before = [widths[0], *widths[:-1]]
        self.first = nn.ModuleList(Modulated(a, b, 3, style) for a, b in zip(before, widths, strict=True))
        self.second = nn.ModuleList(Modulated(b, b, 3, style) for b in widths)
        self.images = nn.ModuleList(Modulated(b, shape.channels, 1, style, normed=False) for b in widths)

    def style(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b m"]:
        """Return w of z, which is normalised together with its label."""
        w = self.label(z, labels)
        w = w * torch.rsqrt(w.square().mean(1, keepdim=True) + EPSILON)
        for layer in self.mapping:
            w = leaky_relu(layer(w), SLOPE) * GAIN
        return w

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images, which the linear end does not hold in (−1, 1)."""
        return self.image(self.style(z, labels))

    def image(self, w: Float[Tensor, "b m"]) -> Float[Tensor, "b c s s"]:
        """Return the images of styles."""
        x = (
            self.start * (0 * w[:, :1] + 1)[:, :, None, None]
        )  # once per image; an expansion would fix the batch of an export
        image: Tensor | None = None
        for first, second, to_image in zip(self.first, self.second, self.images, strict=True):
            if image is not None:
                x, image = double(x), double(image)
            x = leaky_relu(first(x, w), SLOPE) * GAIN
            x = leaky_relu(second(x, w), SLOPE) * GAIN
            image = to_image(x, w) if image is None else image + to_image(x, w)
        assert image is not None  # 4×4 at least
        return image


class Halved(nn.Module):
    """(two convolutions, the second on half the size, plus a 1×1 shortcut) / √2."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(before, before, 3), Convolution(before, after, 3)
        self.shortcut = Convolution(before, after, 1, bias=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h/2 w/2"]:
        """Return the maps at half the size."""
        y = leaky_relu(self.first(x), SLOPE) * GAIN
        y = leaky_relu(self.second(halve(y)), SLOPE) * GAIN
        return (y + self.shortcut(halve(x))) / GAIN


class StyleganDiscriminator(HeadedDiscriminator):
    """Residual halving blocks from the image to 4×4, a convolution and a dense layer, then the head."""

    def __init__(self, plan: "Stylegan2", shape: ImageShape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        widths = _widths(plan, shape)
        self.image = Convolution(shape.channels + extra, widths[0], 1)
        self.blocks = nn.Sequential(*(Halved(a, b) for a, b in pairwise(widths)))
        self.last, self.dense = Convolution(widths[-1], widths[-1], 3), Dense(16 * widths[-1], widths[-1])
        self.head = rule.head(widths[-1], n_classes)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the features before the head."""
        x = self.blocks(leaky_relu(self.image(self.label(images, labels)), SLOPE) * GAIN)
        x = leaky_relu(self.last(x), SLOPE) * GAIN
        return self.head(leaky_relu(self.dense(x.flatten(1)), SLOPE) * GAIN, labels)


@NETWORKS.register("stylegan2", source="Karras et al. 2020, arXiv:1912.04958, §2 and §4")
@dataclass(frozen=True)
class Stylegan2(Network[ImageShape]):
    """Style-based networks: z becomes a style w, and w scales the weights of every convolution, image by image.

    G: w = f(z/‖z‖ √k) by ``mapping`` dense layers (a hundredth of the rate); modulated 3×3 convolutions, two at every size from a
    learned 4×4 map on, w'_oik = s_i w_oik / √(Σ_ik (s_i w_oik)² + ε); the image is the sum of 1×1 modulated images of all sizes, each doubled.
    D: residual blocks. Weights N(0, 1) over √fan-in at run time.

    When to use it: with `nonsaturating`, `r1` and an average of the weights, for photographs of one kind of object; `export --web` and
    interpolation gain from w.

    Options: ``width``, channels at the image's size; ``most``, the limit to which they double towards 4×4 (0: 8 × width); ``style``, dimension
    of w; ``mapping``, dense layers.

    Sizes 8 … 128, not 48; 1 or 3 channels. Raises: ConfigError for options < 1. A linear end is clamped where images are written.
    Convention: without noise inputs (an image is a function of z), style mixing, path-length regularisation and the standard deviation of
    mini-batches (`minibatch-discrimination` is a technique of its own); filters [1, 2, 1] in place of [1, 3, 3, 1].
    Source: Karras et al. 2020, arXiv:1912.04958, §2.2 (modulation), §4 (skip images in G, residual D); from memory.
    """

    width: int = 32
    most: int = 0
    style: int = 128
    mapping: int = 4

    def __post_init__(self) -> None:
        if min(self.width, self.style, self.mapping) < 1 or self.most < 0:
            raise ConfigError(
                f"network 'stylegan2': expected width, style, mapping ≥ 1 and most ≥ 0; got {self.width}, {self.style}, "
                f"{self.mapping}, {self.most}"
            )

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        return StyleganGenerator(self, shape, latent, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return StyleganDiscriminator(self, shape, conditioning, n_classes)
