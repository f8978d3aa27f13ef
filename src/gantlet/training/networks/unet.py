"""U-Net: an image from an image, down to one pixel and up again, with a shortcut at every size."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.networks import ImageShape, Network, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.dcgan import initialise

MOST = 8
"""Widths double with every halving up to this multiple of the first."""
NOISY = 3
"""Stages of the decoder with dropout."""


class UnetGenerator(nn.Module):
    """Strided convolutions down to 1×1, transposed ones up; stage i of the decoder also sees stage i of the encoder."""

    def __init__(self, shape: ImageShape, latent: int, width: int, dropout: bool) -> None:
        super().__init__()
        depth = stages(shape) + 2
        widths = [width * min(2**i, MOST) for i in range(depth)]
        channels = [shape.inputs, *widths]
        self.down = nn.ModuleList()
        for i in range(depth):
            norm = 0 < i < depth - 1
            layers: list[nn.Module] = [] if i == 0 else [nn.LeakyReLU(0.2)]
            layers.append(nn.Conv2d(channels[i], widths[i], 4, 2, 1, bias=not norm))
            self.down.append(nn.Sequential(*layers, *([nn.BatchNorm2d(widths[i])] if norm else [])))
        self.up = nn.ModuleList()
        for i in reversed(range(1, depth)):
            before = widths[i] * (1 if i == depth - 1 else 2)
            up = nn.ConvTranspose2d(before, widths[i - 1], 4, 2, 1, bias=False)
            self.up.append(nn.Sequential(nn.ReLU(), up, nn.BatchNorm2d(widths[i - 1])))
        self.out = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * widths[0], shape.channels, 4, 2, 1), nn.Tanh())
        self.noisy = min(NOISY, depth - 1) if dropout else 0
        for i in range(self.noisy):
            cells = widths[depth - 2 - i] * 4 ** (i + 1)
            self.register_buffer(f"directions{i}", torch.randn(latent, cells))
        self.apply(initialise)

    def forward(
        self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None, inputs: Float[Tensor, "b i s s"]
    ) -> Float[Tensor, "b c s s"]:
        """Return images in (−1, 1)."""
        encoded = []
        x = inputs
        for stage in self.down:
            x = stage(x)
            encoded.append(x)
        for i, stage in enumerate(self.up):
            x = stage(x)
            if i < self.noisy:
                mask = z @ self.get_buffer(f"directions{i}") > 0
                x = 2 * x * mask.view(x.shape)
            x = torch.cat([x, encoded[-2 - i]], dim=1)
        images: Tensor = self.out(x)
        return images


@NETWORKS.register("unet", source="Isola et al. 2017, arXiv:1611.07004, sections 3.2 and 6.1.1")
@dataclass(frozen=True)
class Unet(Network[ImageShape]):
    """The generator of pix2pix: an output image from an input image, with shortcuts between equal sizes; noise by dropout.

    Strided 4×4 convolutions with LeakyReLU 0.2 halve the input to 1×1, transposed ones with ReLU double it again, each
    beside the encoder's maps of its size; batch normalisation (not on the first and the innermost convolution), tanh at
    the end. Options: ``width``, channels after the first halving (they double, up to 8 × width); ``dropout``, rate ½ on
    the first three stages of the decoder, in training and afterwards.

    When to use it: for pairs of images (data ``paired``), with ``--discriminator patch`` or any other. Sizes 8 … 128, not 48.

    Raises: ConfigError for width < 1, data that are no pairs, a conditioning by labels, or as a discriminator.
    Convention: a stage's mask is z·R > 0, z the latent ~ N(0, I) and R fixed, random: each element is kept with
    probability ½, and equal latents give equal images. Outputs use the running statistics of batch
    normalisation (the authors: those of the test batch). Weights ~ N(0, 0.02²).
    Source: Isola et al. 2017, arXiv:1611.07004, sections 3.2 and 6.1.1.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(translates=True)
    width: int = 64
    dropout: bool = True

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ConfigError(f"network 'unet': expected width ≥ 1; got {self.width}")

    def generator(self, shape: ImageShape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        if conditioning != "none":
            raise ConfigError(
                f"network 'unet' takes no labels, its condition is the input image; got conditioning {conditioning!r}"
            )
        if not shape.inputs:
            raise ConfigError(
                "network 'unet' makes images from input images, and there are none; use pairs, e.g. --data "
                "'paired[of=DATA,task=edges]'"
            )
        return UnetGenerator(shape, latent, self.width, self.dropout)

    def discriminator(self, shape: ImageShape, conditioning: str, n_classes: int) -> nn.Module:
        """Raise ConfigError: it is a generator alone."""
        raise ConfigError(
            "network 'unet' is a generator alone; name its discriminator, e.g. --discriminator patch (or dcgan)"
        )
