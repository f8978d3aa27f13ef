"""R3GAN: residual networks without normalisation for RpGAN with R1 and R2."""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.conditioning import Conditioning
from gantlet.core.interfaces.modules import DiscriminatorOutput, Head, HeadedDiscriminator
from gantlet.core.interfaces.networks import ImageShape, Network, halvings, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, require_plain_norm
from gantlet.training.networks.labels import LatentWithLabel, ProjectionHead

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


def _joins(widths: list[int]) -> nn.ModuleList:
    """Return the 1×1 convolutions between stages, nothing where both have the same width."""
    return nn.ModuleList(
        nn.Identity() if before == after else fan_in(nn.Conv2d(before, after, 1, bias=False))
        for before, after in pairwise(widths)
    )


def _image_layer(plan: "R3gan", before: int, after: int) -> nn.Module:
    """Return the convolution from or to the image: 1×1 without bias, or 3×3 with one."""
    if plan._image_kernel == 1:
        return fan_in(nn.Conv2d(before, after, 1, bias=False))
    return fan_in(nn.Conv2d(before, after, 3, padding=1))


class EmbeddedHead(Head):
    """⟨A φ, e_y⟩: the label's embedding with a linear function of the features, without a term that leaves the label out."""

    def __init__(self, dim: int, n_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, dim, bias=False)
        fan_in(self.linear)
        self.embedding = nn.Embedding(n_classes, dim)
        nn.init.normal_(self.embedding.weight, std=(dim * n_classes) ** -0.5)

    def forward(self, features: Float[Tensor, "b d"], labels: Int64[Tensor, " b"]) -> DiscriminatorOutput:
        """Return ⟨A φ, e_y⟩ with the features."""
        return DiscriminatorOutput((self.linear(features) * self.embedding(labels)).sum(1), features)


def _head(rule: Conditioning, dim: int, n_classes: int) -> Head:
    head = rule.head(dim, n_classes)
    if isinstance(head, ProjectionHead):
        return EmbeddedHead(dim, n_classes)
    head.linear = nn.Linear(dim, 1, bias=False)
    fan_in(head.linear)
    return head


class R3ganGenerator(nn.Module):
    """A learned 4×4 basis modulated by z, then residual stages joined by doubling; the end is linear (3×3: tanh)."""

    def __init__(self, plan: "R3gan", shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        if isinstance(self.label, LatentWithLabel):
            nn.init.normal_(self.label.embedding.weight, std=n_classes**-0.5)
        stages(shape)
        require_plain_norm(conditioning, n_classes, "r3gan")
        widths = _widths(plan, shape)[::-1]
        self.basis = nn.Parameter(torch.randn(widths[0], 4, 4))
        self.modulate = fan_in(nn.Linear(inputs, widths[0], bias=False))
        self.stages = _stages(plan, shape)[::-1]
        self.narrow = _joins(widths)
        self.image = _image_layer(plan, widths[-1], shape.channels)
        self.end = nn.Identity() if plan._image_kernel == 1 else nn.Tanh()

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images, which a linear end does not hold in (−1, 1)."""
        x = self.basis * self.modulate(self.label(z, labels))[:, :, None, None]
        x = self.stages[0](x)
        for narrow, stage in zip(self.narrow, self.stages[1:], strict=True):
            x = stage(double(narrow(x)))
        return self.end(self.image(x))


class R3ganDiscriminator(HeadedDiscriminator):
    """The generator mirrored: residual stages joined by halving, a 4×4 basis per channel, then the head."""

    def __init__(self, plan: "R3gan", shape: ImageShape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        widths = _widths(plan, shape)
        self.image = _image_layer(plan, shape.channels + extra, widths[0])
        self.start = nn.Identity() if plan._image_kernel == 1 else nn.LeakyReLU(SLOPE)
        self.stages = _stages(plan, shape)
        self.widen = _joins(widths)
        self.basis = fan_in(nn.Conv2d(widths[-1], widths[-1], 4, groups=widths[-1], bias=False))
        self.head = _head(rule, widths[-1], n_classes)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the features before the head."""
        x = self.stages[0](self.start(self.image(self.label(images, labels))))
        for widen, stage in zip(self.widen, self.stages[1:], strict=True):
            x = stage(widen(halve(x)))
        return self.head(self.basis(x).flatten(1), labels)


@NETWORKS.register("r3gan", source="Huang et al. 2024, arXiv:2501.05441, §4")
@dataclass(frozen=True)
class R3gan(Network[ImageShape]):
    """Residual generator and discriminator without any normalisation, for RpGAN with R1 and R2.

    Stages at the image's size, its half, … 4×4, each of ``blocks`` grouped bottlenecks with LeakyReLU 0.2, joined by
    [1, 2, 1] resampling (and a 1×1 convolution where their widths differ); the 4×4 end is a learned basis. From and to the
    image: 1×1 convolutions without bias or activation, so that G's end is linear. No normalisation: each residual branch
    starts at zero (fix-up) and the weights before it are drawn by fan-in, scaled by blocks^(−1/4). Labels (``projection``):
    G takes [z; e_y], D's logit is ⟨A φ, e'_y⟩, e and e' drawn by fan-in.

    Options: ``width``, channels at the image's size; ``most``, the limit to which they double towards 4×4 (0: 4 × width);
    ``blocks`` per stage; ``top``, blocks at the image's own size, where they cost most; ``expansion`` of the bottleneck;
    ``group_width``, channels per group of its 3×3 convolution; ``image``, side of the kernels from and to the image: 1, or 3
    (with bias, LeakyReLU in D and tanh in G; ours), 0: 3 where top=0, since nothing else then acts at the image's size, else 1.

    Sizes 8 … 128, not 48; 1 or 3 channels. Raises: ConfigError for options that do not divide each other.
    Convention: the layers, labels and first weights of the authors' code; there 768 channels at all stages of 32 pixels
    (width=768, most=768), here channels double towards 4×4 by default. A linear end is clamped where images are written.
    Source: Huang et al. 2024, arXiv:2501.05441, §4; fix-up: Zhang et al. 2019, arXiv:1901.09321.
    """

    width: int = 32
    blocks: int = 1
    top: int = 1
    most: int = 0
    expansion: int = 2
    group_width: int = 16
    image: int = 0

    def __post_init__(self) -> None:
        for name in ("width", "blocks", "expansion", "group_width"):
            if getattr(self, name) < 1:
                raise ConfigError(f"network 'r3gan': expected {name} ≥ 1; got {getattr(self, name)}")
        if self.image not in (0, 1, 3):
            raise ConfigError(f"network 'r3gan': expected image 0, 1 or 3; got {self.image}")
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

    @property
    def _image_kernel(self) -> int:
        return self.image or (1 if self.top else 3)

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        return R3ganGenerator(self, shape, latent, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return R3ganDiscriminator(self, shape, conditioning, n_classes)
