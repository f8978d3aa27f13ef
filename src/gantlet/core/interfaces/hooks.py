"""The moments of a run at which an objective, penalty, technique or conditioning may act.

Each is one optional method: a part that has it is called, in the order of the configuration. A new method therefore
adds a file of its own and touches neither game nor loop. Tensors that a part must remember between steps live in its
``memory``, which the checkpoint holds.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.interfaces.networks import DiscriminatorOutput

Memory = dict[str, Tensor]


class StepContext(NamedTuple):
    """What the state lends to one turn: streams, each part's memory, the count of discriminator steps before this one,
    and the discriminator's optimiser (looked at by unrolled, changed by nobody).
    """

    streams: Mapping[str, torch.Generator]
    memory: Mapping[str, Memory]
    discriminator_step: int
    optimizer: torch.optim.Optimizer


@runtime_checkable
class Refuses(Protocol):
    """A part that does not go with every configuration, other part or discriminator.

    (An attribute ``mixes_batch`` that is true says that logits depend on the whole batch: no penalty on gradients then.
    An attribute ``whole_batch`` that is true says that the loss of a batch is not the mean of its parts' losses: several
    processes cannot share it.)
    """

    def refusal(self, config: TrainConfig, others: Mapping[str, Any], discriminator: nn.Module) -> str | None:
        """Return why these parts or this discriminator make no sense with it, as one sentence; None: they do."""


@runtime_checkable
class Prepares(Protocol):
    """A part that changes the discriminator once, before the first step."""

    def prepare(self, discriminator: nn.Module) -> None:
        """Change the freshly built discriminator in place; its random numbers come from the stream ``init``."""


@runtime_checkable
class AltersGenerator(Protocol):
    """A part that builds another generator around the network's; a saved run needs it to build its generator again."""

    def alter(self, generator: nn.Module, latent: int, n_classes: int, make: Callable[[], nn.Module]) -> nn.Module:
        """Return the generator that is trained.

        Args: latent: its dimension; n_classes: 0 where it takes no labels; make: builds one more generator of the network.
        """


@runtime_checkable
class ActsAfterStep(Protocol):
    """A part that changes the discriminator after each of its steps."""

    def after_step(self, discriminator: nn.Module) -> None:
        """Change weights or buffers in place; no gradient is recorded."""


@runtime_checkable
class Remembers(Protocol):
    """A part with a memory."""

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> Memory:
        """Return what it knows before the first step."""


@runtime_checkable
class Observes(Protocol):
    """A part whose memory follows the discriminator's turn."""

    def observe(
        self, memory: Memory, real_logits: Float[Tensor, " r"], fake_logits: Float[Tensor, " f"]
    ) -> dict[str, Tensor]:
        """Update the memory in place after a discriminator step; return further values for the log."""


@runtime_checkable
class Follows(Protocol):
    """A part whose memory follows the weights of both players."""

    def follow(self, memory: Memory, player: str, network: nn.Module) -> None:
        """Update the memory in place after a player's step."""


@runtime_checkable
class WeightTerm(Protocol):
    """A part that adds a term of a player's weights to its loss."""

    def weight_term(self, memory: Memory, player: str, network: nn.Module) -> Float[Tensor, ""]:
        """Return the term."""


@runtime_checkable
class DiscriminatorTerm(Protocol):
    """A part that adds a term to the discriminator's loss."""

    def discriminator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, labels: Int64[Tensor, " b"] | None
    ) -> Float[Tensor, ""]:
        """Return the term of one batch."""


@runtime_checkable
class GeneratorTerm(Protocol):
    """A part that adds a term to the generator's loss; the real images are then judged in the generator's turn too.

    An attribute ``needs_real`` that is false spares that; an attribute ``replaces`` that is true takes the adversarial loss out of the generator's loss.
    """

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, labels: Int64[Tensor, " b"] | None
    ) -> Float[Tensor, ""]:
        """Return the term of one batch; no gradient flows into ``real``."""


@runtime_checkable
class PairTerm(Protocol):
    """A part that adds a term of each generated image and the real one it should be; ``replaces`` as in GeneratorTerm."""

    def pair_term(self, real: Float[Tensor, "b c s s"], fake: Float[Tensor, "b c s s"]) -> Float[Tensor, ""]:
        """Return the term of one batch."""


@runtime_checkable
class Augments(Protocol):
    """A part that changes every image on its way into the discriminator, real and fake, in both turns."""

    def augment(self, images: Float[Tensor, "b c s s"], stream: torch.Generator) -> Float[Tensor, "b c s s"]:
        """Return the images as the discriminator sees them, differentiably."""


@runtime_checkable
class ChangesObjective(Protocol):
    """A part that puts another objective in the place of the configured one."""

    def objective(self, objective: Any) -> Any:
        """Return the objective that is played; raises ConfigError where it cannot be changed so."""


@runtime_checkable
class ReadsMemory(Protocol):
    """An objective whose losses depend on its memory."""

    def at(self, memory: Memory) -> Any:
        """Return the objective as it stands now."""


@runtime_checkable
class MeetsBatch(Protocol):
    """An objective whose discriminator's loss depends on the images of the batch, not on logits alone.

    What `meeting` returns has ``discriminator_loss`` and ``regulariser``; the objective's attribute
    ``needs_own_gradient`` is true: no layer of the discriminator may mix the images of a batch.
    """

    def meeting(self, real: Float[Tensor, "b *shape"], fake: Float[Tensor, "b *shape"]) -> Any:
        """Return the objective as it stands for this batch; no gradient flows through it."""


@runtime_checkable
class ReplacesDiscriminator(Protocol):
    """A part that builds another discriminator around the network's, before the first step."""

    def around(self, discriminator: nn.Module, config: TrainConfig) -> nn.Module:
        """Return the discriminator that is trained; its random numbers come from the stream ``init``.

        It may be called with (images, labels, z): the latents that fakes were made of, where it has an attribute
        ``sees_latents`` that is true.
        """


@runtime_checkable
class Autoencodes(Protocol):
    """An objective without adversaries: both players lower one loss, each by its own weights, and step together."""

    def common_terms(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Any,
        stream: torch.Generator,
    ) -> dict[str, Tensor]:
        """Return the terms of the loss; ``batch`` has real, labels (or None) and z."""


@runtime_checkable
class Unrolls(Protocol):
    """A part that lets the generator play against the discriminator's future."""

    def future(self, discriminator: nn.Module, loss: Any, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
        """Return the discriminator's parameters some steps ahead, differentiable by the fakes that ``loss`` saw.

        ``loss`` maps named parameters to the discriminator's loss on the batch of the generator's turn.
        """


@runtime_checkable
class Finishes(Protocol):
    """A part that completes the generator once, after the last step and before the last evaluation."""

    def finish(
        self, generator: nn.Module, discriminator: nn.Module, images: Iterable[Float[Tensor, "b *shape"]], seed: int
    ) -> dict[str, Any]:
        """Complete the generator in place from all training images, batch by batch; return what the journal notes.

        A value ``converged`` that is false is spoken as a warning, with the value ``reason``.
        """
