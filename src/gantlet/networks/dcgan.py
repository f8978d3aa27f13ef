"""DCGAN: all-convolutional generator and discriminator with batch normalisation."""

from dataclasses import dataclass
from itertools import pairwise

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.errors import ConfigError
from gantlet.networks import NETWORKS
from gantlet.networks.conditioning import conditioning_named, generator_norm
from gantlet.networks.interface import ImageShape, Judgement, halvings, stages
from gantlet.networks.labels import LabelledSequential


class DcganGenerator(nn.Module):
    """z → 4×4 by one transposed convolution, then doubled until the image's size; ReLU inside, tanh at the end."""

    def __init__(self, shape: ImageShape, latent: int, width: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        widths = [width * 2**i for i in reversed(range(stages(shape)))]
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(inputs, widths[0], 4, bias=False),
            generator_norm(conditioning, widths[0], n_classes),
            nn.ReLU(),
        ]
        for before, after in pairwise(widths):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)]
            layers += [generator_norm(conditioning, after, n_classes), nn.ReLU()]
        self.layers = LabelledSequential(*layers, nn.ConvTranspose2d(widths[-1], shape.channels, 4, 2, 1), nn.Tanh())
        self.apply(initialise)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images in (−1, 1)."""
        return self.layers(self.label(z, labels)[:, :, None, None], labels)


class DcganDiscriminator(nn.Module):
    """Halved by strided convolutions until 4×4, LeakyReLU 0.2, then the conditioning's head."""

    def __init__(self, shape: ImageShape, width: int, norm: bool, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        layers: list[nn.Module] = [nn.Conv2d(shape.channels + extra, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for stage in range(1, halvings(shape)):
            before, after = width * 2 ** (stage - 1), width * 2**stage
            layers.append(nn.Conv2d(before, after, 4, 2, 1, bias=not norm))
            layers += [nn.BatchNorm2d(after)] if norm else []
            layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.head = rule.head(width * 2 ** (halvings(shape) - 1) * 16, n_classes)
        self.apply(initialise)

    def forward(self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None) -> Judgement:
        """Return logits and the flattened 4×4 features."""
        return self.head(self.layers(self.label(images, labels)), labels)


def initialise(module: nn.Module) -> None:
    """Draw a layer's weights ~ N(0, 0.02²) and a normalisation's gains ~ N(1, 0.02²), biases 0; for Module.apply."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d) and module.affine:
        nn.init.normal_(module.weight, mean=1.0, std=0.02)


@NETWORKS.register("dcgan", source="Radford et al. 2016, arXiv:1511.06434, §3 and Fig. 1")
@dataclass(frozen=True)
class Dcgan:
    """Deep convolutional GAN: strided 4×4 convolutions, batch normalisation, ReLU and tanh in G, LeakyReLU 0.2 in D.

    Options: ``width``, channels of D's first and G's last hidden layer (they double with every halving of the size,
    down to
    4×4); ``norm``, the discriminator's normalisation: ``batch`` as in the paper (not on its first layer) or ``none``,
    which any
    gradient penalty requires.

    Weights ~ N(0, 0.02²), gains of the normalisation ~ N(1, 0.02²). Sizes 8 … 128; 1 or 3 channels.

    Raises: ConfigError for another norm or width < 1.
    Convention: 4×4 kernels as in the authors' released code (the paper's figure says 5×5); D's last layer is linear
    on the 4×4 features.
    Source: Radford et al. 2016, arXiv:1511.06434, §3 and Fig. 1.
    """

    width: int = 64
    norm: str = "batch"

    def __post_init__(self) -> None:
        if self.norm not in ("batch", "none"):
            raise ConfigError(f"network 'dcgan': expected norm batch or none; got {self.norm!r}")
        if self.width < 1:
            raise ConfigError(f"network 'dcgan': expected width ≥ 1; got {self.width}")

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        return DcganGenerator(shape, latent, self.width, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return DcganDiscriminator(shape, self.width, self.norm == "batch", conditioning, n_classes)
