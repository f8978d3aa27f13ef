"""What the game knows of an objective: two losses of the same signature."""

from typing import ClassVar, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor


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
