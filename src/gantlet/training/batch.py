"""A batch of the loop, and the fakes that a generator makes of it."""

from typing import NamedTuple

from jaxtyping import Float, Int64
from torch import Tensor, nn


class Batch(NamedTuple):
    """Real images in [−1, 1], or points, with their labels, and latents for as many fakes; a fake has the label of its row's
    real, and of pairs the input.
    """

    real: Float[Tensor, "b *shape"]
    labels: Int64[Tensor, " b"] | None
    z: Float[Tensor, "b k"]
    inputs: Float[Tensor, "b i s s"] | None = None


def fakes_of(batch: Batch, generator: nn.Module, labels: Int64[Tensor, " b"] | None) -> Float[Tensor, "b *shape"]:
    """Return the fakes of a batch: from its latents, and from its input images where it has any."""
    given = () if batch.inputs is None else (batch.inputs,)
    made: Tensor = generator(batch.z, labels, *given)
    return made
