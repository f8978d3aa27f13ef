"""What the loop knows of networks: a shape in, generator and discriminator out, and the DiscriminatorOutput of the latter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.errors import ConfigError

SIZES = (8, 16, 32, 48, 64, 128)
PLANES = (4, 6)
"""The sides that halving ends at: 4×4, and 6×6 for 48 pixels."""


@dataclass(frozen=True)
class ImageShape:
    """Square images of ``size`` × ``size`` pixels with 1 or 3 ``channels``; ``inputs``: channels of the input image that
    each is made from, 0 where there is none.
    """

    size: int
    channels: int
    inputs: int = 0


@dataclass(frozen=True)
class PointShape:
    """Points with ``dim`` coordinates."""

    dim: int


Shape = ImageShape | PointShape


def shape_from(values: Mapping[str, int]) -> Shape:
    """Return the shape whose fields a checkpoint holds."""
    return PointShape(**values) if "dim" in values else ImageShape(**values)


class DiscriminatorOutput(NamedTuple):
    """What a discriminator says about a batch: logits [b] (or several an image, [b·p], image by image), the features before
    its last layer [b, d], class logits [b, k] or None, and, where it also encodes, by how much it missed the latents that
    the batch was made of [b, k].
    """

    logits: Float[Tensor, " b"]
    features: Float[Tensor, "b d"]
    class_logits: Float[Tensor, "b k"] | None = None
    missed: Float[Tensor, "b latent"] | None = None


@runtime_checkable
class Network(Protocol):
    """One family of networks; an attribute ``makes_points`` that is true says that it takes PointShape too, and one
    ``translates`` that its generator makes an image from an image.

    Generators map (z [b, k], labels [b] or None) to images [b, c, s, s] in [−1, 1], or to points [b, d]; one that
    translates maps (z, labels, inputs [b, i, s, s]). Discriminators map (images or points, labels or None) to a DiscriminatorOutput.
    """

    def generator(self, shape: Shape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""

    def discriminator(self, shape: Shape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""


def stages(shape: ImageShape, planes: tuple[int, ...] = PLANES[:1]) -> int:
    """Return how often one of ``planes`` (4×4) doubles to reach the image's size.

    Raises: ConfigError for images that no network makes, and for a size that these planes do not reach.
    """
    if shape.size not in SIZES or shape.channels not in (1, 3):
        raise ConfigError(
            f"networks make images of 8, 16, 32, 48, 64 or 128 pixels and 1 or 3 channels; got {shape.size} pixels, "
            f"{shape.channels} channels"
        )
    return halvings(shape, planes)


def halvings(shape: ImageShape, planes: tuple[int, ...] = PLANES[:1]) -> int:
    """Return how often an image is halved to reach one of ``planes`` (4×4), whatever its channels (packs have more).

    Raises: ConfigError for a size that is not one of them doubled.
    """
    times = shape.size.bit_length() - 3
    if shape.size >> times not in planes:
        raise ConfigError(
            f"this network doubles from 4×4 or halves to it, and {shape.size} pixels halve to 6×6; take --network resnet, "
            "or --resolution 32 or 64"
        )
    return times
