"""PatchGAN: a discriminator that scores patches, not images."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.hooks import Refuses
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.networks import PLANES, ChoosesInputs, ImageShape, Network, halvings
from gantlet.core.interfaces.objectives import MatchesBatch
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.dcgan import initialise

USUAL = 3
MOST = 8


class PatchDiscriminator(nn.Module):
    """Strided convolutions, then two with stride 1; the last gives one logit per patch."""

    def __init__(self, shape: ImageShape, width: int, layers: int, norm: bool) -> None:
        super().__init__()
        channels, body = shape.channels, list[nn.Module]()
        for i in range(layers + 1):
            after = width * min(2**i, MOST)
            normed = norm and i > 0
            body.append(nn.Conv2d(channels, after, 4, 2 if i < layers else 1, 1, bias=not normed))
            body += [nn.BatchNorm2d(after)] if normed else []
            body.append(nn.LeakyReLU(0.2))
            channels = after
        self.body = nn.Sequential(*body)
        self.last = nn.Conv2d(channels, 1, 4, 1, 1)
        self.apply(initialise)

    def forward(
        self, images: Float[Tensor, "b c s s"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return the logits of all patches, image by image, and the last hidden maps' means."""
        maps = self.body(images)
        return DiscriminatorOutput(self.last(maps).flatten(), maps.mean((2, 3)))


@NETWORKS.register("patch", source="Isola et al. 2017, arXiv:1611.07004, sections 3.2.2 and 6.1.2")
@dataclass(frozen=True)
class Patch(Network[ImageShape], ChoosesInputs, Refuses):
    """The discriminator of pix2pix, PatchGAN: every patch of an image gets its own logit, and the loss is their mean.

    ``layers`` 4×4 convolutions with stride 2 and one with stride 1, LeakyReLU 0.2, channels ``width`` doubling up to 8 ×,
    then one that gives the logits; batch normalisation (``norm``: batch or none) not on the first. Of pairs it scores
    [input, image] on each other's channels; with ``sees_inputs=false`` the image alone, as an unconditional GAN does.
    ``layers`` 0: 3, the paper's 70×70 patches, or fewer where the image is smaller: 1 at 8 pixels, 2 at 16.

    When to use it: as ``--discriminator patch`` beside unet, or beside any generator of single images to score
    texture alone. Sizes 8 … 128 and 48.

    Raises: ConfigError for options out of range, labels, objectives that want one number per image (wgan-qc), or when it
    should generate.
    Convention: an image's logit, where a penalty needs one, is the mean of its patches'. Weights ~ N(0, 0.02²).
    Source: Isola et al. 2017, arXiv:1611.07004, sections 3.2.2 and 6.1.2.
    """

    width: int = 64
    layers: int = 0
    norm: str = "batch"
    sees_inputs: bool = True

    def __post_init__(self) -> None:
        if self.width < 1 or self.layers < 0:
            raise ConfigError(f"network 'patch': expected width ≥ 1, layers ≥ 0; got {self.width}, {self.layers}")
        if self.norm not in ("batch", "none"):
            raise ConfigError(f"network 'patch': expected norm batch or none; got {self.norm!r}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with an objective that assigns one number to each image."""
        if any(isinstance(other, MatchesBatch) for other in others.values()):
            return f"it gives one number per patch, and objective {config.objective!r} wants one per image; use dcgan or r3gan"
        return None

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Raise ConfigError: it makes nothing."""
        raise ConfigError(
            "network 'patch' is a discriminator alone; give it by --discriminator patch beside --network unet (or dcgan)"
        )

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        if conditioning != "none":
            raise ConfigError(f"network 'patch' takes no labels; got conditioning {conditioning!r}: use none")
        most = halvings(shape, PLANES)
        layers = self.layers or min(USUAL, most)
        if layers > most:
            raise ConfigError(
                f"network 'patch': {layers} halvings of {shape.size} pixels leave no patches; expected layers ≤ {most}"
            )
        return PatchDiscriminator(shape, self.width, layers, self.norm == "batch")
