"""Critics shared by the transport labs: the loss of one step for the original game, WGAN (clipped or penalised) and WGAN-QC."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.interfaces.objectives import MatchesBatch, Objective
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.penalties import PENALTIES
from gantlet.training.penalties.gradients import input_gradient

Critic = Callable[..., Tensor]


@dataclass(frozen=True)
class Kind:
    """A critic's game by its specs: the ``objective``, and a ``penalty`` or ``after``, a rule applied to the weights after a step."""

    objective: str
    penalty: str = ""
    after: str = ""

    def game(self, network: nn.Module, stream: torch.Generator) -> "Game":
        """Return the game for one network."""
        return Game(self, network, stream)


class Game:
    """One critic's losses on pairs of batches of points."""

    def __init__(self, kind: Kind, network: nn.Module, stream: torch.Generator) -> None:
        self.objective: Objective = OBJECTIVES.build(kind.objective)
        self.penalty = PENALTIES.build(kind.penalty) if kind.penalty else None
        self.after = PENALTIES.build(kind.after) if kind.after else None
        self.network, self.stream = network, stream

    def critic(self, points: Float[Tensor, "b d"], _: Tensor | None = None) -> Float[Tensor, " b"]:
        """Return D at points."""
        return self.network(points)[:, 0]

    def critic_loss(self, real: Float[Tensor, "b d"], fake: Float[Tensor, "b d"]) -> Float[Tensor, ""]:
        """Return the critic's loss, including its penalty or transport regulariser."""
        if isinstance(self.objective, MatchesBatch):
            matched = self.objective.matched(real, fake)
            loss = matched.discriminator_loss(self.critic(real), self.critic(fake)).mean()
            loss = loss + matched.regulariser(input_gradient(self.critic, fake, None), fake)
        else:
            loss = self.objective.discriminator_loss(self.critic(real), self.critic(fake)).mean()
        return loss if self.penalty is None else loss + self.penalty(self.critic, real, fake, None, self.stream)

    def generator_loss(self, fake: Float[Tensor, "b d"]) -> Float[Tensor, ""]:
        """Return the generator's loss; no objective used here reads the real batch for it."""
        logits = self.critic(fake)
        return self.objective.generator_loss(torch.zeros_like(logits), logits).mean()

    def stepped(self) -> None:
        """Apply the rule for the weights after a step."""
        if self.after is not None:
            self.after.after_step(self.network)
