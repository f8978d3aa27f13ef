"""Typed capabilities of training parts and of networks' modules, with every default in this one place."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeGuard, TypeVar, runtime_checkable

P = TypeVar("P")


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """Capabilities of a training part: network, conditioning, objective, penalty or technique.

    A part sets ``capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True)``. Raises TypeError for a name
    that is not here.
    """

    whole_batch: bool = False
    """Its loss over a batch is not the mean of its losses over parts of the batch: several processes cannot share it."""
    mixes_batch: bool = False
    """Each logit depends on the whole batch: it goes with neither several processes nor a penalty on gradients."""
    needs_own_gradient: bool = False
    """It reads the gradient of each image's own logit: no layer of the discriminator may mix the images of a batch."""
    needs_real: bool = True
    """Its generator term reads the discriminator's output for real images; if not, the generator's step can skip them."""
    relativistic: bool = False
    """Of an objective: the generator's loss reads real logits; if not, the generator's step does not compute them."""
    zero_sum: bool = False
    """Of an objective: the generator's loss is minus the discriminator's, up to terms that do not depend on fakes."""
    needs_images: bool = False
    """It reads or changes images: it does not go with points."""
    cross_entropy: bool = False
    """Of an objective: the discriminator's loss is softplus(−r) + softplus(f), a cross-entropy with the targets 1 and 0."""
    reads_energy: bool = False
    """Of an objective: logits are minus the reconstruction errors of an auto-encoder."""
    reads_code: bool = False
    """Of an objective: the discriminator is an encoder, and its features are codes that the generator decodes."""
    reads_velocity: bool = False
    """Of an objective: it trains a velocity field."""
    gives_velocity: bool = False
    """Of a network: its generator is a velocity field, sampled by integration."""
    makes_points: bool = False
    """Of a network: it takes a PointShape as well as an ImageShape."""
    translates: bool = False
    """Of a network: its generator makes an image from an image."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not isinstance(value, bool):
                raise TypeError(f"the capability {name} is true or false; got {value!r}")


@runtime_checkable
class Part(Protocol):
    """Anything that a configuration can name for the game; it may have no capabilities beyond the defaults."""

    capabilities: ClassVar[Capabilities] = Capabilities()


def implements(part: Part, protocol: type[P]) -> TypeGuard[P]:
    """Return whether a part names a protocol as a base; unlike isinstance, an option of the same name does not count."""
    return protocol in type(part).__mro__


@dataclass(frozen=True, kw_only=True)
class ModuleCapabilities:
    """Capabilities of a built generator or discriminator; raises TypeError for a name that is not here."""

    gives_energy: bool = False
    """A discriminator whose logits are minus the reconstruction errors of an auto-encoder."""
    gives_code: bool = False
    """A discriminator that is an encoder: its features are the code, and nothing is decoded."""
    sees_latents: bool = False
    """A discriminator that is called with (images, labels, z), z the latents of the fakes."""
    inputs: int = 0
    """A discriminator of rows of numbers: their length; 0: the shape of its input is not a row."""
    no_graph: str = ""
    """Why a generator is no graph of ONNX's operations, as a predicate ("searches among codes"); empty: it is one."""
    needs_normal: str = ""
    """Why a generator takes no other latents than N(0, I), as a predicate ("reads its component off a quantile"); empty: it may."""
    by_row: bool = False
    """A generator for which what becomes of a latent depends on the latent's row in the batch."""
