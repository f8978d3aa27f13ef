"""What the game knows of an objective: two losses of the same signature."""

from typing import ClassVar, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.errors import ConfigError


@runtime_checkable
class Objective(Protocol):
    """Both players' losses, one value a sample; both players minimise the mean."""

    relativistic: ClassVar[bool]
    """Whether the generator's loss looks at real logits; if not, the generator's step does not compute them."""

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return the discriminator's loss of each pair."""

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return the generator's loss of each pair."""


@runtime_checkable
class DiscriminatorOutput(Protocol):
    """What an objective's further terms may look at of a discriminator's judgement."""

    logits: Float[Tensor, " b"]
    features: Float[Tensor, "b d"]


def refuse_without_energy(discriminator: nn.Module) -> str | None:
    """Return why an objective on energies needs an auto-encoder, None when the discriminator is one."""
    if getattr(discriminator, "gives_energy", False):
        return None
    return "its discriminator must be an auto-encoder, whose error is the energy; use --network autoencoder"


def feature_dim(discriminator: nn.Module) -> int:
    """Return the width of a discriminator's features; raises ConfigError when it has no linear head on them."""
    head = getattr(discriminator, "head", None)
    linear = getattr(head, "linear", None)
    if not isinstance(linear, nn.Linear):
        raise ConfigError(
            "this objective puts layers of its own on the discriminator's features, and this discriminator has no "
            "linear head; use mlp, dcgan, infogan, resnet or r3gan"
        )
    return linear.in_features
