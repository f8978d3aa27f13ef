"""The fakes that a generator makes of a batch."""

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.interfaces.modules import Batch


def fakes_of(batch: Batch, generator: nn.Module, labels: Int64[Tensor, " b"] | None) -> Float[Tensor, "b *shape"]:
    """Return the fakes of a batch: from its latents, and from its input images where it has any."""
    inputs = () if batch.inputs is None else (batch.inputs,)
    fakes: Tensor = generator(batch.z, labels, *inputs)
    return fakes
