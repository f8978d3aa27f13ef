"""The small networks of InfoGAN in the form of Lucic et al.: two convolutions and two dense layers per player."""

from dataclasses import dataclass

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import DiscriminatorOutput, HeadedDiscriminator
from gantlet.core.interfaces.networks import PLANES, ImageShape, Network, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, generator_norm
from gantlet.training.networks.labels import LabelledSequential


class InfoganGenerator(nn.Module):
    """z → dense → dense to a quarter of the size → two transposed convolutions; LeakyReLU 0.2, tanh at the end."""

    def __init__(self, plan: "Infogan", shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        stages(shape, PLANES)
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        width, quarter = plan.width, shape.size // 4
        self.dense = nn.Sequential(
            nn.Linear(inputs, plan.hidden, bias=False),
            nn.BatchNorm1d(plan.hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(plan.hidden, 2 * width * quarter**2, bias=False),
            nn.Unflatten(1, (2 * width, quarter, quarter)),
        )
        self.layers = LabelledSequential(
            generator_norm(conditioning, 2 * width, n_classes),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False),
            generator_norm(conditioning, width, n_classes),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(width, shape.channels, 4, 2, 1),
            nn.Tanh(),
        )
        self.apply(initialise)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images in (−1, 1)."""
        return self.layers(self.dense(self.label(z, labels)), labels)


class InfoganDiscriminator(HeadedDiscriminator):
    """Two strided convolutions, one dense layer, LeakyReLU 0.2, then the conditioning's head."""

    def __init__(self, plan: "Infogan", shape: ImageShape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        width, norm = plan.width, plan.norm == "batch"
        self.layers = nn.Sequential(
            nn.Conv2d(shape.channels + extra, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=not norm),
            *([nn.BatchNorm2d(2 * width)] if norm else []),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(2 * width * (shape.size // 4) ** 2, plan.hidden, bias=not norm),
            *([nn.BatchNorm1d(plan.hidden)] if norm else []),
            nn.LeakyReLU(0.2),
        )
        self.head = rule.head(plan.hidden, n_classes)
        self.apply(initialise)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the dense layer's features."""
        return self.head(self.layers(self.label(images, labels)), labels)


def initialise(module: nn.Module) -> None:
    """Draw weights from N(0, 0.02²); biases zero."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@NETWORKS.register(
    "infogan", source="Chen et al. 2016, arXiv:1606.03657, App. C; as in Lucic et al. 2018, arXiv:1711.10337, App. B"
)
@dataclass(frozen=True)
class Infogan(Network[ImageShape]):
    """The networks of the large-scale study: two dense layers and two 4×4 stride-2 (transposed) convolutions per player.

    G: dense ``hidden`` – dense 2·width·(s/4)² – deconvolution ``width`` – deconvolution, all with batch normalisation and
    LeakyReLU 0.2 but the last; D: convolution ``width`` – convolution 2·width – dense ``hidden`` – logit. Option ``norm``
    of D (not on its first layer): ``batch``, or ``none``, which any gradient penalty requires.

    Weights ~ N(0, 0.02²). Sizes 8 … 128 and 48; 1 or 3 channels. When to use it: to compare objectives at equal budget.

    Raises: ConfigError for another norm, width or hidden < 1.
    Convention: the output is tanh for images in [−1, 1]; the study's is a sigmoid for [0, 1].
    Source: Chen et al. 2016, arXiv:1606.03657, App. C; as in Lucic et al. 2018, arXiv:1711.10337, App. B.
    """

    width: int = 64
    hidden: int = 1024
    norm: str = "batch"

    def __post_init__(self) -> None:
        if self.norm not in ("batch", "none"):
            raise ConfigError(f"network 'infogan': expected norm batch or none; got {self.norm!r}")
        if self.width < 1 or self.hidden < 1:
            raise ConfigError(f"network 'infogan': expected width, hidden ≥ 1; got {self.width}, {self.hidden}")

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        return InfoganGenerator(self, shape, latent, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return InfoganDiscriminator(self, shape, conditioning, n_classes)
