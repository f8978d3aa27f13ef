"""DCGAN: all-convolutional generator and discriminator with batch normalisation."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import DiscriminatorOutput, HeadedDiscriminator
from gantlet.core.interfaces.networks import ImageShape, Network, halvings, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, generator_norm, require_plain_norm
from gantlet.training.networks.halving import Doubling, FromPoint, Halving
from gantlet.training.networks.labels import LabelledSequential

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky": lambda: nn.LeakyReLU(0.2, inplace=True),
}
OUTPUTS: dict[str, Callable[[], nn.Module]] = {"tanh": nn.Tanh, "linear": nn.Identity}


CHOICES = {
    "norm": ("batch", "none"),
    "making_norm": ("batch", "none"),
    "down": ("strided", "pooled"),
    "up": ("strided", "nearest"),
    "judging": tuple(ACTIVATIONS),
    "making": tuple(ACTIVATIONS),
    "out": tuple(OUTPUTS),
}


class DcganGenerator(nn.Module):
    """z → 4×4 by one transposed convolution, then doubled until the image's size."""

    def __init__(self, plan: "Dcgan", shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        widths = [plan.width * 2**i for i in reversed(range(stages(shape)))]
        normed = plan.making_norm == "batch"

        def after(width: int) -> list[nn.Module]:
            norm = [generator_norm(conditioning, width, n_classes)] if normed else []
            return [*norm, ACTIVATIONS[plan.making]()]

        layers: list[nn.Module] = [FromPoint(inputs, widths[0], bias=not normed), *after(widths[0])]
        for before, width in pairwise(widths):
            layers += [*_doubling(plan.up, before, width, bias=not normed), *after(width)]
        last = _doubling(plan.up, widths[-1], shape.channels, bias=True)
        self.layers = LabelledSequential(*layers, *last, OUTPUTS[plan.out]())
        self.apply(initialise)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images, in (−1, 1) by tanh."""
        return self.layers(self.label(z, labels)[:, :, None, None], labels)


class DcganDiscriminator(HeadedDiscriminator):
    """Halved until 4×4, then the conditioning's head."""

    def __init__(self, plan: "Dcgan", shape: ImageShape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        layers: list[nn.Module] = []
        before = shape.channels + extra
        for stage in range(halvings(shape)):
            width = plan.width * 2**stage
            normed = plan.norm == "batch" and stage > 0
            layers += [
                *_halving(plan.down, before, width, bias=not normed),
                *([nn.BatchNorm2d(width)] if normed else []),
            ]
            layers.append(ACTIVATIONS[plan.judging]())
            before = width
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.head = rule.head(before * 16, n_classes)
        self.apply(initialise)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the flattened 4×4 features."""
        return self.head(self.layers(self.label(images, labels)), labels)


def _doubling(up: str, before: int, after: int, bias: bool) -> list[nn.Module]:
    if up == "strided":
        return [Doubling(before, after, bias)]
    return [nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(before, after, 3, 1, 1, bias=bias)]


def _halving(down: str, before: int, after: int, bias: bool) -> list[nn.Module]:
    if down == "strided":
        return [Halving(before, after, bias)]
    return [nn.Conv2d(before, after, 3, 1, 1, bias=bias), nn.MaxPool2d(2)]


def initialise(module: nn.Module) -> None:
    """Draw one layer's weights as the paper does: N(0, 0.02²), gains of a normalisation N(1, 0.02²), biases 0."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d) and module.affine:
        nn.init.normal_(module.weight, mean=1.0, std=0.02)


@NETWORKS.register("dcgan", source="Radford et al. 2016, arXiv:1511.06434, §3 and Fig. 1")
@dataclass(frozen=True)
class Dcgan(Network[ImageShape]):
    """Deep convolutional GAN: strided 4×4 convolutions, batch normalisation, ReLU and tanh in G, LeakyReLU 0.2 in D.

    Options: ``width``, channels of D's first and G's last hidden layer (they double with every halving of the size,
    down to 4×4); ``norm``, the discriminator's normalisation: ``batch`` as in the paper (not on its first layer) or
    ``none``, which any gradient penalty requires. The others undo the paper's guidelines one by one: ``making_norm``
    (generator: batch or none), ``down`` (strided, or pooled: 3×3 convolutions and max-pooling in D), ``up`` (strided, or
    nearest: nearest doubling and 3×3 convolutions in G), ``judging`` and ``making`` (activations of D and G: leaky or
    relu), ``out`` (tanh, or linear: clamped where images are written).

    Weights ~ N(0, 0.02²), gains of the normalisation ~ N(1, 0.02²). Sizes 8 … 128, not 48; 1 or 3 channels.

    Raises: ConfigError for other options or width < 1, and for a conditional normalisation without making_norm=batch.
    Convention: 4×4 kernels as in the authors' released code (the paper's figure says 5×5); D's last layer is linear
    on the 4×4 features.
    Source: Radford et al. 2016, arXiv:1511.06434, §3 and Fig. 1.
    """

    width: int = 64
    norm: str = "batch"
    making_norm: str = "batch"
    down: str = "strided"
    up: str = "strided"
    judging: str = "leaky"
    making: str = "relu"
    out: str = "tanh"

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ConfigError(f"network 'dcgan': expected {name} {' or '.join(known)}; got {getattr(self, name)!r}")
        if self.width < 1:
            raise ConfigError(f"network 'dcgan': expected width ≥ 1; got {self.width}")

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        if self.making_norm == "none":
            require_plain_norm(conditioning, n_classes, "dcgan[making_norm=none]")
        return DcganGenerator(self, shape, latent, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return DcganDiscriminator(self, shape, conditioning, n_classes)
