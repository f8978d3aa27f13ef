"""Hooks before the first step: parts that learn from all training images, or choose which image goes with which latent."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.step import Memory

Pair = Callable[[Float[Tensor, "b k"], Int64[Tensor, " b"], Int64[Tensor, " b"] | None], Int64[Tensor, " b"]]
"""(latents, the rows of training images drawn beside them, these rows' labels or None) → the rows that go with the latents."""


@runtime_checkable
class Begins(Part, Protocol):
    """A part that changes the generator once, before the first step of a new run, by all training images."""

    def begin(self, generator: nn.Module, data: Float[Tensor, "n *shape"], seed: int) -> dict[str, Any]:
        """Change the generator in place; return the values for the journal."""


@runtime_checkable
class PairsLatents(Part, Protocol):
    """A part that chooses the training image of each latent of a batch, by what it learns from all of them beforehand.

    Labels are None where the run is not conditional. What it learns is a memory, which the checkpoint holds.
    """

    def reserved(self, n: int) -> Memory:
        """Return its memory for n training images before it is fitted; empty where it learns nothing."""

    def fit(
        self, memory: Memory, data: Float[Tensor, "n *shape"], labels: Int64[Tensor, " n"] | None
    ) -> dict[str, Any]:
        """Fill the memory in place; return the values for the journal."""

    def pairing(
        self, memory: Memory, data: Float[Tensor, "n *shape"], labels: Int64[Tensor, " n"] | None
    ) -> Pair | None:
        """Return how a batch is paired; None: as it is drawn."""


BEGINNING = (Begins, PairsLatents)
