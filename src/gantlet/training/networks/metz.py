"""Metz's networks for stacked MNIST: a discriminator so small that a plain GAN loses modes."""

from dataclasses import dataclass
from itertools import pairwise

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import DiscriminatorOutput, HeadedDiscriminator
from gantlet.core.interfaces.networks import ImageShape, Network, halvings, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, generator_norm, require_plain_norm
from gantlet.training.networks.labels import LabelledSequential

LEAK = 0.3
CHOICES = {"norm": ("batch", "none"), "making_norm": ("batch", "none"), "init": ("normal", "he")}


class MetzGenerator(nn.Module):
    """z → dense to 4×4, doubled by 3×3 transposed convolutions until the image's size, then one 3×3 convolution; tanh."""

    def __init__(self, plan: "Metz", shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        widths = [plan.width * 2**i for i in reversed(range(stages(shape) + 1))]
        normed = plan.making_norm == "batch"

        def after(width: int) -> list[nn.Module]:
            return [*([generator_norm(conditioning, width, n_classes)] if normed else []), nn.ReLU()]

        dense = nn.Linear(inputs, widths[0] * 16, bias=not normed)
        self.dense = nn.Sequential(dense, nn.Unflatten(1, (widths[0], 4, 4)))
        layers = after(widths[0])
        for before, width in pairwise(widths):
            layers += [nn.ConvTranspose2d(before, width, 3, 2, 1, output_padding=1, bias=not normed), *after(width)]
        self.layers = LabelledSequential(*layers, nn.Conv2d(widths[-1], shape.channels, 3, padding=1), nn.Tanh())
        _initialise(self, plan.init)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return images in (−1, 1)."""
        return self.layers(self.dense(self.label(z, labels)), labels)


class MetzDiscriminator(HeadedDiscriminator):
    """Halved by 3×3 convolutions until 4×4, LeakyReLU 0.3, then the conditioning's head."""

    def __init__(self, plan: "Metz", shape: ImageShape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(shape.size, n_classes)
        widths = [shape.channels + extra, *(plan.judging * 2**i for i in range(halvings(shape)))]
        normed = plan.norm == "batch"
        layers: list[nn.Module] = []
        for before, width in pairwise(widths):
            layers += [nn.Conv2d(before, width, 3, 2, 1, bias=not normed), *([nn.BatchNorm2d(width)] if normed else [])]
            layers.append(nn.LeakyReLU(LEAK))
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.head = rule.head(widths[-1] * 16, n_classes)
        _initialise(self, plan.init)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the flattened 4×4 features."""
        return self.head(self.layers(self.label(images, labels)), labels)


@NETWORKS.register(
    "metz", source="Metz et al. 2017, arXiv:1611.02163, §3.3.1; activations as in Lin et al. 2018, arXiv:1712.04086"
)
@dataclass(frozen=True)
class Metz(Network[ImageShape]):
    """The networks of the mode count on stacked MNIST: a generator of 64-32-16-8 channels, a discriminator far smaller.

    G: z – dense 4×4×8·``width`` – 3×3 transposed convolutions with stride 2, halving the channels down to ``width`` – 3×3
    convolution; ReLU, tanh. D: 3×3 convolutions with stride 2 down to 4×4, ``judging`` channels doubling, LeakyReLU 0.3 –
    linear. At 32×32 pixels ``judging`` 4 makes 4-8-16 channels, the paper's ½, and ``judging`` 2 makes 2-4-8, its ¼.
    Further options: ``norm``, of D: ``batch`` as in the paper (on every layer), or ``none``, which any gradient penalty
    requires; ``making_norm``, the same of G; ``init``: weights ~ ``normal``, N(0, 0.02²), or ``he``, N(0, 2 / fan-in),
    which keeps the signal's size through layers without normalisation.

    Sizes 8 … 128, not 48 (at other sizes than 32 with more or fewer layers); 1 or 3 channels. When to use it: to count lost modes,
    and where the budget is a laptop's: the pair has 289,000 parameters at 32×32 and z of 256.

    Raises: ConfigError for other options, width or judging < 1, and for a conditional normalisation without
    making_norm=batch.
    Convention: the paper's images have 28×28 pixels (4, 7, 14, 28); ours 32×32 (4, 8, 16, 32): the same layers, kernels,
    channels, and dense and linear layers on 4×4.
    Source: Metz et al. 2017, arXiv:1611.02163, §3.3.1; activations as in Lin et al. 2018, arXiv:1712.04086.
    """

    width: int = 8
    judging: int = 4
    norm: str = "batch"
    making_norm: str = "batch"
    init: str = "normal"

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ConfigError(f"network 'metz': expected {name} {' or '.join(known)}; got {getattr(self, name)!r}")
        if self.width < 1 or self.judging < 1:
            raise ConfigError(f"network 'metz': expected width, judging ≥ 1; got {self.width}, {self.judging}")

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        if self.making_norm == "none":
            require_plain_norm(conditioning, n_classes, "metz[making_norm=none]")
        return MetzGenerator(self, shape, latent, conditioning, n_classes)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return MetzDiscriminator(self, shape, conditioning, n_classes)


def _initialise(network: nn.Module, init: str) -> None:
    """Draw the weights of all layers, ``init`` normal or he; biases zero."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(layer.weight, std=0.02 if init == "normal" else (2 / _fan_in(layer)) ** 0.5)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def _fan_in(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear) -> float:
    """Return the number of weights that meet in an output pixel; of a transposed convolution 1/stride² of its kernel."""
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.in_channels * layer.weight[0, 0].numel() / (layer.stride[0] * layer.stride[1])
    return float(layer.weight[0].numel())
