"""Networks: families of generators and discriminators for one shape of data."""

from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Part
from gantlet.core.words import counted

SIZES = (8, 16, 32, 48, 64, 128)
PLANES = (4, 6)
"""The sides that halving ends at: 4×4, and 6×6 for 48 pixels."""


@dataclass(frozen=True)
class ImageShape:
    """Square images of ``size`` × ``size`` pixels with 1 or 3 ``channels``; ``inputs``: channels of the input image of a
    pair, 0 where there is none.
    """

    size: int
    channels: int
    inputs: int = 0


@dataclass(frozen=True)
class PointShape:
    """Points with ``dim`` coordinates."""

    dim: int


Shape = ImageShape | PointShape
ShapeT_contra = TypeVar("ShapeT_contra", bound=Shape, contravariant=True)


@runtime_checkable
class Network(Part, Protocol[ShapeT_contra]):
    """One family of networks, of images (``Network[ImageShape]``) or of points too (``Network[Shape]``).

    Generators map (z [b, k], labels [b] or None) to images [b, c, s, s] in [−1, 1], or to points [b, d]; with the
    capability ``translates``, (z, labels, inputs [b, i, s, s]). Discriminators map (images or points, labels or None) to a
    DiscriminatorOutput.
    """

    def generator(self, shape: ShapeT_contra, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator; raises ConfigError for a shape or conditioning that it cannot take."""

    def discriminator(self, shape: ShapeT_contra, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator; raises ConfigError as `generator` does."""


@runtime_checkable
class ChoosesInputs(Part, Protocol):
    """A network whose discriminator may leave the input images of pairs out; all others read them."""

    @property
    def sees_inputs(self) -> bool:
        """Return whether the discriminator reads [input, image] on each other's channels, or the image alone."""


def stages(shape: ImageShape, planes: tuple[int, ...] = PLANES[:1]) -> int:
    """Return how often one of ``planes`` (4×4) doubles to reach the image's size.

    Raises: ConfigError for images that no network makes, and for a size that these planes do not reach.
    """
    if shape.size not in SIZES or shape.channels not in (1, 3):
        raise ConfigError(
            f"networks make images of 8, 16, 32, 48, 64 or 128 pixels and 1 or 3 channels; got {shape.size} pixels, "
            f"{counted(shape.channels, 'channel')}"
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
