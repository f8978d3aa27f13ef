"""Contexts: what a training part may read in one step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from gantlet.core.interfaces.modules import DiscriminatorOutput

Memory = dict[str, Tensor]
Score = Callable[[Float[Tensor, "b ..."], Int64[Tensor, " b"] | None], DiscriminatorOutput]
"""(images, labels) → the discriminator's output."""


@dataclass(frozen=True)
class StepContext:
    """Context of one training step: what the game reads, and the random streams that parts draw from."""

    streams: Mapping[str, torch.Generator]
    """Random streams by name: ``penalty`` and ``augment`` are for parts."""
    memory: Mapping[str, Memory]
    """The memory of each part, by the part's name."""
    discriminator_step: int
    """Number of discriminator steps before this one."""
    optimizer: torch.optim.Optimizer
    """The discriminator's optimiser; parts may read its state and must not change it."""
    done: float = 0.0
    """The share of the run's steps before this one, in [0, 1)."""


@dataclass(frozen=True)
class TermContext:
    """Context of one term of a player's loss: the batch behind the outputs, and the discriminator itself."""

    labels: Int64[Tensor, " b"] | None
    real: Float[Tensor, "b ..."]
    """The real images (or points) as the discriminator takes them: in packs, with the inputs of pairs, not augmented."""
    fake: Float[Tensor, "b ..."]
    """The fakes likewise; in the generator's step they carry the gradient to its weights, in the discriminator's none."""
    score: Score
    """The discriminator of this step (in the generator's step: frozen, or some steps ahead), without augmentation."""
    stream: torch.Generator
    """The stream ``augment``, for what a term draws."""
    z: Float[Tensor, "n k"] | None = None
    """The latents of the fakes, in the generator's step; of packs one row per image in them."""
    generate: Callable[..., Tensor] | None = None
    """The generator, in its own step."""
    done: float = 0.0
    """The share of the run's steps before this one, in [0, 1)."""
