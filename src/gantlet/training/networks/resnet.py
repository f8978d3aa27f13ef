"""The residual networks of WGAN-GP and SNGAN for small images."""

import math
from dataclasses import dataclass

from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, relu

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import DiscriminatorOutput, HeadedDiscriminator
from gantlet.core.interfaces.networks import PLANES, ImageShape, Network, halvings, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, generator_norm
from gantlet.training.networks.labels import LabelledSequential


def xavier(layer: nn.Module, gain: float = 1.0) -> nn.Module:
    """Draw weights by Xavier's uniform rule; biases zero."""
    if isinstance(layer, (nn.Conv2d, nn.Linear)):
        nn.init.xavier_uniform_(layer.weight, gain)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return layer


def convolution(before: int, after: int) -> nn.Module:
    """Return a 3×3 convolution of a residual branch."""
    return xavier(nn.Conv2d(before, after, 3, padding=1), math.sqrt(2))


class UpBlock(nn.Module):
    """Doubling: shortcut 1×1 after nearest upsampling, branch norm–ReLU–up–3×3–norm–ReLU–3×3."""

    def __init__(self, before: int, after: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.shortcut = xavier(nn.Conv2d(before, after, 1))
        self.branch = LabelledSequential(
            generator_norm(conditioning, before, n_classes),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),
            convolution(before, after),
            generator_norm(conditioning, after, n_classes),
            nn.ReLU(),
            convolution(after, after),
        )

    def forward(self, x: Float[Tensor, "b c h w"], labels: Int64[Tensor, " b"] | None) -> Float[Tensor, "b d h2 w2"]:
        """Return maps of twice the size."""
        # a 1×1 convolution and nearest upsampling commute; this order is four times cheaper
        return interpolate(self.shortcut(x), scale_factor=2) + self.branch(x, labels)


class DownBlock(nn.Module):
    """ReLU–3×3–ReLU–3×3, mean-pooled where it halves; the first block of all begins with the 3×3 itself."""

    def __init__(self, before: int, after: int, down: bool, first: bool = False) -> None:
        super().__init__()
        self.down, self.first = down, first
        self.one, self.two = convolution(before, after), convolution(after, after)
        plain = not down and before == after
        self.shortcut = nn.Identity() if plain else xavier(nn.Conv2d(before, after, 1))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        """Return the sum of branch and shortcut."""
        branch = self.two(relu(self.one(x if self.first else relu(x))))
        if not self.down:
            return branch + self.shortcut(x)
        return avg_pool2d(branch, 2) + self.shortcut(avg_pool2d(x, 2))


class ResnetGenerator(nn.Module):
    """z → dense to 4×4 (48 pixels: 6×6), doubling blocks to the image's size, norm–ReLU–3×3–tanh."""

    def __init__(self, plan: "Resnet", shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        doublings = stages(shape, PLANES)
        side = shape.size >> doublings
        self.dense = xavier(nn.Linear(inputs, plan.width * side**2))
        self.unflatten = nn.Unflatten(1, (plan.width, side, side))
        self.blocks = nn.ModuleList(UpBlock(plan.width, plan.width, conditioning, n_classes) for _ in range(doublings))
        self.image = LabelledSequential(
            generator_norm(conditioning, plan.width, n_classes),
            nn.ReLU(),
            xavier(nn.Conv2d(plan.width, shape.channels, 3, padding=1)),
            nn.Tanh(),
        )

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images in (−1, 1)."""
        x = self.unflatten(self.dense(self.label(z, labels)))
        for block in self.blocks:
            x = block(x, labels)
        return self.image(x, labels)


class ResnetDiscriminator(HeadedDiscriminator):
    """Halving blocks to 8×8 (48 pixels: 12×12), two blocks there, ReLU, pooled over the plane, then the conditioning's head."""

    def __init__(self, plan: "Resnet", shape: ImageShape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        width, downs = plan.judging or plan.width, halvings(shape, PLANES) - 1
        blocks = [DownBlock(shape.channels + extra, width, down=downs > 0, first=True)]
        blocks += [DownBlock(width, width, down=True) for _ in range(downs - 1)]
        blocks += [DownBlock(width, width, down=False) for _ in range(2)]
        self.blocks = nn.Sequential(*blocks)
        self.mean = plan.pool == "mean"
        self.head = rule.head(width, n_classes)
        for module in self.head.modules():
            xavier(module)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the pooled features."""
        x = relu(self.blocks(self.label(images, labels)))
        return self.head(x.mean((2, 3)) if self.mean else x.sum((2, 3)), labels)


@NETWORKS.register(
    "resnet",
    source="Gulrajani et al. 2017, arXiv:1704.00028, App. F; Miyato et al. 2018, arXiv:1802.05957, App. B.4, Table 4",
)
@dataclass(frozen=True)
class Resnet(Network[ImageShape]):
    """Residual networks: doubling blocks with batch normalisation in G; halving blocks without normalisation in D.

    G: dense to 4×4×width, one block per doubling. D: blocks halve down to 8×8 (32 pixels: 2 of them), two more blocks,
    ReLU, pooling, logit. Images of 48 pixels (STL-10) start at 6×6 and end at 12×12. Options: ``width`` of G; ``judging``,
    the width of D (0: the same); ``pool``: ``sum`` (SNGAN) or ``mean`` (WGAN-GP).

    The papers' CIFAR-10 sizes: SNGAN width=256, judging=128, pool=sum; WGAN-GP width=128, pool=mean. Sizes 8 … 128
    and 48; 1 or 3 channels. When to use it: with spectral-norm or gradient-penalty.

    Raises: ConfigError for another pool, width < 1 or judging < 0.
    Convention: one width throughout, where SNGAN's networks for STL-10 go from 512 to 64 and from 64 to 1024. Xavier's
    uniform weights, gain √2 in residual branches and 1 elsewhere, as in the authors' code.
    Source: Gulrajani et al. 2017, arXiv:1704.00028, App. F; Miyato et al. 2018, arXiv:1802.05957, App. B.4, Table 4.
    """

    width: int = 128
    judging: int = 0
    pool: str = "sum"

    def __post_init__(self) -> None:
        if self.pool not in ("sum", "mean"):
            raise ConfigError(f"network 'resnet': expected pool sum or mean; got {self.pool!r}")
        if self.width < 1 or self.judging < 0:
            raise ConfigError(f"network 'resnet': expected width ≥ 1, judging ≥ 0; got {self.width}, {self.judging}")

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        return ResnetGenerator(self, shape, latent, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return ResnetDiscriminator(self, shape, conditioning, n_classes)
