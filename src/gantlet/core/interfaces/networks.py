"""Networks: a shape in, generator and discriminator out, and the discriminator's output."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import ModuleCapabilities, Part

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


def shape_from(values: Mapping[str, int]) -> Shape:
    """Return the shape whose fields a checkpoint holds."""
    return PointShape(**values) if "dim" in values else ImageShape(**values)


class DiscriminatorOutput(NamedTuple):
    """A discriminator's output for a batch."""

    logits: Float[Tensor, " b"]
    """One per image, or several per image, image by image [b·p]."""
    features: Float[Tensor, "b d"]
    """The input of its last layer."""
    class_logits: Float[Tensor, "b k"] | None = None
    latent_error: Float[Tensor, "b latent"] | None = None
    """Where it also encodes: its encoding minus the latents of the batch."""


class NetworkModule(nn.Module):
    """A generator or discriminator with capabilities; other modules have the defaults."""

    capabilities: ModuleCapabilities = ModuleCapabilities()


def module_capabilities(module: object) -> ModuleCapabilities:
    """Return the capabilities of a built network."""
    return module.capabilities if isinstance(module, NetworkModule) else ModuleCapabilities()


class Head(nn.Module):
    """The end of a discriminator: (features [b, d], labels [b] or None) → DiscriminatorOutput."""

    linear: nn.Linear
    """Features [b, d] to logits [b, 1]."""


class HeadedDiscriminator(NetworkModule):
    """A discriminator that ends in a head on its features."""

    head: nn.Module
    """A `Head` when it is built; techniques may put another module around it."""


def head_of(discriminator: nn.Module) -> Head | None:
    """Return the head of a discriminator, None where it has no head with a linear layer on its features."""
    if isinstance(discriminator, HeadedDiscriminator) and isinstance(discriminator.head, Head):
        return discriminator.head
    return None


def feature_dim(discriminator: nn.Module) -> int:
    """Return the width of a discriminator's features; raises ConfigError when it has no linear head on them."""
    head = head_of(discriminator)
    if head is None:
        raise ConfigError(
            "this objective puts layers of its own on the discriminator's features, and this discriminator has no "
            "linear head; use mlp, dcgan, infogan, resnet or r3gan"
        )
    return head.linear.in_features


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
class ChoosesInputs(Protocol):
    """A network whose discriminator may leave the input images of pairs out; all others read them."""

    @property
    def sees_inputs(self) -> bool:
        """Return whether the discriminator reads [input, image] on each other's channels, or the image alone."""


@runtime_checkable
class Conditioning(Part, Protocol):
    """The three places where a label may enter; a network calls each once."""

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return a module (z [b, k], labels) → [b, width], and that width."""

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return a module (images [b, c, s, s], labels) → [b, c + extra, s, s], and that extra."""

    def head(self, dim: int, n_classes: int) -> Head:
        """Return a module (features [b, dim], labels) → DiscriminatorOutput."""


@runtime_checkable
class ConditionalNorm(Protocol):
    """A conditioning whose label enters the generator's normalisation."""

    def norm(self, channels: int, n_classes: int) -> nn.Module:
        """Return a module (x [b, channels, h, w], labels) → the same shape."""


class Batch(NamedTuple):
    """Real images in [−1, 1], or points, with their labels, and latents for as many fakes.

    Fake i shares the label (and the input image) of real i.
    """

    real: Float[Tensor, "b *shape"]
    labels: Int64[Tensor, " b"] | None
    z: Float[Tensor, "b k"]
    inputs: Float[Tensor, "b i s s"] | None = None


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
