"""R3GAN at laptop size: residual networks without normalisation for RpGAN with R1 and R2."""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import DiscriminatorOutput, HeadedDiscriminator
from gantlet.core.interfaces.networks import ImageShape, Network, halvings, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, require_plain_norm

SLOPE = 0.2


def halve(images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h/2 w/2"]:
    """Low-pass by [1, 2, 1]/4 along both axes and keep every second pixel; zeros beyond the edge."""
    channels = images.shape[1]
    return conv2d(images, _kernel(images) / 16, stride=2, padding=1, groups=channels)


def double(images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c 2*h 2*w"]:
    """Insert zeros and low-pass by [1, 2, 1]/2 along both axes: each new pixel is the mean of its neighbours."""
    channels = images.shape[1]
    return conv_transpose2d(images, _kernel(images) / 4, stride=2, padding=1, output_padding=1, groups=channels)


def _kernel(images: Float[Tensor, "b c h w"]) -> Float[Tensor, "c 1 3 3"]:
    line = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype, device=images.device)
    channels = int(images.shape[1])  # a plain number, which tracing for ONNX needs
    return torch.outer(line, line).expand(channels, 1, 3, 3).contiguous()


def fan_in(layer: nn.Conv2d | nn.Linear, gain: float = 1.0) -> nn.Module:
    """Draw weights from N(0, gain² / fan-in) and set the bias to zero."""
    nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class Residual(nn.Module):
    """x + conv1×1(act(conv3×3(act(conv1×1(x))))), the middle one grouped; the last starts at zero."""

    def __init__(self, width: int, expansion: int, group_width: int, n_blocks: int) -> None:
        super().__init__()
        inner = width * expansion
        gain = math.sqrt(2 / (1 + SLOPE**2)) * n_blocks**-0.25
        self.expand = fan_in(nn.Conv2d(width, inner, 1), gain)
        self.mix = fan_in(nn.Conv2d(inner, inner, 3, padding=1, groups=inner // group_width), gain)
        self.project = fan_in(nn.Conv2d(inner, width, 1, bias=False), 0.0)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Return x plus its correction."""
        inner = leaky_relu(self.mix(leaky_relu(self.expand(x), SLOPE)), SLOPE)
        return x + self.project(inner)


def _widths(plan: "R3gan", shape: ImageShape) -> list[int]:
    """Return the channels of each stage from the image's size down to 4×4."""
    return [min(plan.width * 2**i, plan.most or 4 * plan.width) for i in range(halvings(shape) + 1)]


def _stages(plan: "R3gan", shape: ImageShape) -> nn.ModuleList:
    """Return the residual blocks of each stage from the image's size down to 4×4."""
    widths = _widths(plan, shape)
    counts = [plan.top, *[plan.blocks] * (len(widths) - 1)]
    return nn.ModuleList(
        nn.Sequential(*(Residual(width, plan.expansion, plan.group_width, sum(counts)) for _ in range(count)))
        for width, count in zip(widths, counts, strict=True)
    )


class R3ganGenerator(nn.Module):
    """A learned 4×4 basis modulated by z, then residual stages joined by doubling; tanh at the end."""

    def __init__(self, plan: "R3gan", shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        stages(shape)
        require_plain_norm(conditioning, n_classes, "r3gan")
        widths = _widths(plan, shape)[::-1]
        self.basis = nn.Parameter(torch.randn(widths[0], 4, 4))
        self.modulate = fan_in(nn.Linear(inputs, widths[0], bias=False))
        self.stages = _stages(plan, shape)[::-1]
        self.narrow = nn.ModuleList(
            fan_in(nn.Conv2d(before, after, 1, bias=False)) for before, after in pairwise(widths)
        )
        self.image = fan_in(nn.Conv2d(widths[-1], shape.channels, 3, padding=1))

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images in (−1, 1)."""
        x = self.basis * self.modulate(self.label(z, labels))[:, :, None, None]
        x = self.stages[0](x)
        for narrow, stage in zip(self.narrow, self.stages[1:], strict=True):
            x = stage(double(narrow(x)))
        return torch.tanh(self.image(x))


class R3ganDiscriminator(HeadedDiscriminator):
    """The generator mirrored: residual stages joined by halving, a 4×4 basis per channel, then the head."""

    def __init__(self, plan: "R3gan", shape: ImageShape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        widths = _widths(plan, shape)
        self.image = fan_in(nn.Conv2d(shape.channels + extra, widths[0], 3, padding=1))
        self.stages = _stages(plan, shape)
        self.widen = nn.ModuleList(
            fan_in(nn.Conv2d(before, after, 1, bias=False)) for before, after in pairwise(widths)
        )
        self.basis = fan_in(nn.Conv2d(widths[-1], widths[-1], 4, groups=widths[-1], bias=False))
        self.head = rule.head(widths[-1], n_classes)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the features before the head."""
        x = self.stages[0](leaky_relu(self.image(self.label(images, labels)), SLOPE))
        for widen, stage in zip(self.widen, self.stages[1:], strict=True):
            x = stage(widen(halve(x)))
        return self.head(self.basis(x).flatten(1), labels)


@NETWORKS.register("r3gan", source="Huang et al. 2024, arXiv:2501.05441, §4")
@dataclass(frozen=True)
class R3gan(Network[ImageShape]):
    """Residual generator and discriminator without any normalisation, for RpGAN with R1 and R2.

    Stages at the image's size, its half, … 4×4, each of ``blocks`` grouped bottlenecks with LeakyReLU 0.2, joined by
    [1, 2, 1]
    resampling; the 4×4 end is a learned basis. No normalisation: each residual branch starts at zero (fix-up) and the
    weights before it are drawn by fan-in, scaled by blocks^(−1/4).

    Options: ``width``, channels at the image's size; ``most``, the limit to which they double towards 4×4 (0: 4 ×
    width); ``blocks``
    a stage; ``top``, blocks at the image's own size, where they cost most (0: only the 3×3 convolution from or to the
    image);
    ``expansion`` of the bottleneck; ``group_width``, channels per group of its 3×3 convolution.

    Sizes 8 … 128, not 48; 1 or 3 channels. Raises: ConfigError for options that do not divide each other.
    Convention: channels double towards 4×4 and G ends in tanh; the paper has 768 channels throughout and a linear end.
    Source: Huang et al. 2024, arXiv:2501.05441, §4; fix-up: Zhang et al. 2019, arXiv:1901.09321.
    """

    width: int = 32
    blocks: int = 1
    top: int = 1
    most: int = 0
    expansion: int = 2
    group_width: int = 16

    def __post_init__(self) -> None:
        for name in ("width", "blocks", "expansion", "group_width"):
            if getattr(self, name) < 1:
                raise ConfigError(f"network 'r3gan': expected {name} ≥ 1; got {getattr(self, name)}")
        if self.top < 0:
            raise ConfigError(f"network 'r3gan': expected top ≥ 0; got {self.top}")
        if self.most < 0 or 0 < self.most < self.width:
            raise ConfigError(f"network 'r3gan': expected most ≥ width or 0; got {self.most} with width {self.width}")
        if any(width * self.expansion % self.group_width for width in (self.width, self.most)):
            raise ConfigError(
                f"network 'r3gan': width × expansion must be a multiple of group_width; got "
                f"{self.width} × {self.expansion} "
                f"and {self.group_width} (most {self.most})"
            )

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        return R3ganGenerator(self, shape, latent, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return R3ganDiscriminator(self, shape, conditioning, n_classes)
