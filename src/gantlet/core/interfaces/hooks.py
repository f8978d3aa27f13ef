"""Hooks: the points of a run at which a training part may act.

Each hook is a protocol with one method, and a part names the hooks that it implements as bases. The game calls all parts
with a hook in the order of the configuration. A new method therefore adds a file of its own and changes neither game nor
loop. Tensors that a part keeps between steps are its ``memory``, which the checkpoint holds; a part of any kind whose acts
depend on it names `ReadsMemory`, and the game then asks ``part.at(memory)`` in its place.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.interfaces.beginning import BEGINNING
from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.objectives import Objective
from gantlet.core.interfaces.step import Memory, TermContext


@runtime_checkable
class Refuses(Part, Protocol):
    """A part that does not go with every configuration, other part or discriminator."""

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why these parts or this discriminator do not go with it, as one sentence; None: they do."""


@runtime_checkable
class Prepares(Part, Protocol):
    """A part that changes the discriminator once, before the first step."""

    def prepare(self, discriminator: nn.Module) -> None:
        """Change the freshly built discriminator in place; its random numbers come from the stream ``init``."""


@runtime_checkable
class AltersGenerator(Part, Protocol):
    """A part that builds another generator around the network's; a saved run needs it to build its generator again."""

    def alter(self, generator: nn.Module, latent: int, n_classes: int, make: Callable[[], nn.Module]) -> nn.Module:
        """Return the generator that is trained.

        Args: latent: its dimension; n_classes: 0 where it takes no labels; make: builds one more generator of the network.
        """


@runtime_checkable
class ReplacesDiscriminator(Part, Protocol):
    """A part that builds another discriminator around the network's, before the first step."""

    def around(self, discriminator: nn.Module, config: TrainConfig) -> nn.Module:
        """Return the discriminator that is trained; its random numbers come from the stream ``init``."""


@runtime_checkable
class ChangesObjective(Part, Protocol):
    """A part that replaces the configured objective by another."""

    def objective(self, objective: Objective) -> Objective:
        """Return the objective that is played; raises ConfigError where it cannot be changed so."""


@runtime_checkable
class Packs(Part, Protocol):
    """A part that shows the discriminator several images at once, on each other's channels."""

    @property
    def pack(self) -> int:
        """Return the number of images per pack."""


@runtime_checkable
class ActsAfterStep(Part, Protocol):
    """A part that changes the discriminator after each of its steps."""

    def after_step(self, discriminator: nn.Module) -> None:
        """Change weights or buffers in place; no gradient is recorded."""


@runtime_checkable
class Remembers(Part, Protocol):
    """A part with a memory."""

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> Memory:
        """Return its memory before the first step."""


@runtime_checkable
class ReadsMemory(Remembers, Protocol):
    """A part (objective, penalty, technique) whose losses, terms or changes of images depend on its memory."""

    def at(self, memory: Memory) -> Part:
        """Return the part with the present values of its memory: an object with the same hooks."""


@runtime_checkable
class Observes(Remembers, Protocol):
    """A part whose memory follows the logits of the discriminator's steps."""

    def observe(
        self, memory: Memory, real_logits: Float[Tensor, " r"], fake_logits: Float[Tensor, " f"]
    ) -> dict[str, Tensor]:
        """Update the memory in place after a discriminator step; return further values for the log."""


@runtime_checkable
class Follows(Remembers, Protocol):
    """A part whose memory follows the weights of both players."""

    def follow(self, memory: Memory, player: str, network: nn.Module) -> None:
        """Update the memory in place after a player's step."""


@runtime_checkable
class WeightTerm(Remembers, Protocol):
    """A part that adds a term of a player's weights to its loss."""

    def weight_term(self, memory: Memory, player: str, network: nn.Module) -> Float[Tensor, ""]:
        """Return the term."""


@runtime_checkable
class DiscriminatorTerm(Part, Protocol):
    """A part that adds a term to the discriminator's loss."""

    def discriminator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return the term of one batch; ``step`` holds its labels, its images and the discriminator."""


@runtime_checkable
class GeneratorTerm(Part, Protocol):
    """A part that adds a term to the generator's loss; with the capability ``needs_real`` the real images are scored too."""

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return the term of one batch; no gradient flows into ``real``."""


@runtime_checkable
class PairTerm(Part, Protocol):
    """A part that adds a term of each generated image and the true image of its pair."""

    def pair_term(self, real: Float[Tensor, "b c s s"], fake: Float[Tensor, "b c s s"]) -> Float[Tensor, ""]:
        """Return the term of one batch."""


@runtime_checkable
class WeighsFakes(Part, Protocol):
    """A part that gives each fake a weight in the generator's adversarial loss."""

    def fake_weights(self, scores: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Return the weights, whose mean is 1; ``scores``: the fakes' logits (the mean of each fake's, where it has several).

        The scores carry no gradient.
        """


@runtime_checkable
class MayReplaceLoss(Part, Protocol):
    """A part whose term of the generator's loss may replace the adversarial loss."""

    @property
    def adversarial(self) -> bool:
        """Return whether the objective's own loss stays beside the term."""


@runtime_checkable
class Augments(Part, Protocol):
    """A part that changes every image before the discriminator sees it, real and fake, in the steps of both players."""

    def augment(self, images: Float[Tensor, "b c s s"], stream: torch.Generator) -> Float[Tensor, "b c s s"]:
        """Return the images as the discriminator sees them, differentiably."""


@runtime_checkable
class Unrolls(Part, Protocol):
    """A part that trains the generator against the discriminator some steps ahead."""

    def future(
        self, discriminator: nn.Module, loss: Callable[[dict[str, Tensor]], Tensor], optimizer: torch.optim.Optimizer
    ) -> dict[str, Tensor]:
        """Return the discriminator's parameters some steps ahead, differentiable by the fakes that ``loss`` reads.

        ``loss`` maps named parameters to the discriminator's loss on the batch of the generator's step.
        """


@runtime_checkable
class Averages(Part, Protocol):
    """A part that keeps a moving average of the generator, which is sampled and measured in the generator's place."""

    def update(self, average: nn.Module, generator: nn.Module, images_seen: int, images: int) -> None:
        """Move ``average`` towards ``generator`` in place, after ``images`` new images that bring the count to
        ``images_seen``.
        """


@runtime_checkable
class Finishes(Part, Protocol):
    """A part that completes the generator once, after the last step and before the last evaluation."""

    def finish(
        self, generator: nn.Module, discriminator: nn.Module, images: Iterable[Float[Tensor, "b *shape"]], seed: int
    ) -> dict[str, Any]:
        """Complete the generator in place from all training images, batch by batch; return the values for the journal.

        A value ``converged`` that is false is reported as a warning, with the value ``reason``.
        """


GENERAL_HOOKS = (
    Refuses,
    Prepares,
    ReplacesDiscriminator,
    ChangesObjective,
    Packs,
    ActsAfterStep,
    Remembers,
    ReadsMemory,
    Observes,
    Follows,
    WeightTerm,
    DiscriminatorTerm,
    GeneratorTerm,
    PairTerm,
    WeighsFakes,
    MayReplaceLoss,
    Augments,
    Unrolls,
    Averages,
    Finishes,
    *BEGINNING,
)
"""The hooks of every kind of part."""
HOOKS = (AltersGenerator, *GENERAL_HOOKS)
"""The hooks of objectives and techniques, from which a saved run's generator is built."""
