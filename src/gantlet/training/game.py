"""The game that a configuration describes: the losses of both players with all their terms.

New methods enter as parts (see hooks.py), neither here nor in the loop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.devices import unwrapped
from gantlet.core.interfaces.hooks import (
    Averages,
    DiscriminatorTerm,
    Follows,
    GeneratorTerm,
    MayReplaceLoss,
    Observes,
    PairTerm,
    ReadsMemory,
    Unrolls,
    WeighsFakes,
    WeightTerm,
)
from gantlet.core.interfaces.modules import Batch, DiscriminatorOutput
from gantlet.core.interfaces.objectives import Autoencodes, BatchObjective, MatchesBatch, Objective
from gantlet.core.interfaces.penalties import Critic, LazyPenalty, Penalty
from gantlet.core.interfaces.step import Memory, StepContext, TermContext
from gantlet.training.batch import fakes_of
from gantlet.training.parts import Parts
from gantlet.training.passes import discriminator_input, opponent, scoring
from gantlet.training.penalties.gradients import input_gradient
from gantlet.training.step_output import StepOutput


@dataclass(frozen=True)
class Game:
    """The parts and the moving average, with one method per player's step; built from a configuration by `of`."""

    parts: Parts
    average: Averages | None
    conditional: bool
    full_precision: bool

    @classmethod
    def of(cls, config: TrainConfig) -> "Game":
        """Build every part that the configuration names; raises UnknownName and ConfigError."""
        parts = Parts.of(config)
        return cls(
            parts=parts,
            average=parts.average,
            conditional=config.conditioning != "none",
            full_precision=config.precision == "32-true",
        )

    def discriminator_step(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, context: StepContext, shares: bool = False
    ) -> StepOutput:
        """Return the discriminator's loss: the objective on separate real and fake passes, plus every term.

        Where a penalty needs the logits of exactly these images in full precision, the pass is not repeated.
        ``shares``: keep the fakes attached to the autograd graph, for `generator_step`.
        """
        labels = batch.labels if self.conditional else None
        with torch.set_grad_enabled(shares):
            fake = fakes_of(batch, generator, labels)
        real, fakes = (discriminator_input(self.parts, images, batch) for images in (batch.real, fake.detach()))
        due = {
            name: penalty
            for name, penalty in self.parts.present(Penalty, context.memory).items()
            if context.discriminator_step % _every(penalty) == 0
        }
        objective: Objective | BatchObjective = self._objective(context)
        matched = objective.matched(real, fakes) if isinstance(objective, MatchesBatch) else None
        if due or matched:
            real, fakes = real.detach().requires_grad_(True), fakes.detach().requires_grad_(True)
        on_real = scoring(self.parts, discriminator, context)(real, labels)
        on_fake = scoring(self.parts, discriminator, context, batch.z)(fakes, labels)
        computed = {id(real): on_real.logits, id(fakes): on_fake.logits} if self.full_precision else {}
        critic = self._critic(unwrapped(discriminator), context, computed)

        terms = {"d_loss": (matched or objective).discriminator_loss(on_real.logits, on_fake.logits).mean()}
        if matched:
            terms["d_regulariser"] = matched.regulariser(input_gradient(critic, fakes, labels), fakes)
        for name, penalty in due.items():
            terms[name] = penalty(critic, real, fakes, labels, context.streams["penalty"]) * _every(penalty)
        step = TermContext(labels, real, fakes, discriminator, context.streams["augment"])
        for name, part in self.parts.present(DiscriminatorTerm, context.memory).items():
            terms[f"d_{name}"] = part.discriminator_term(on_real, on_fake, step)
        self._add_weight_terms(terms, "discriminator", unwrapped(discriminator), context)
        output = StepOutput.of(terms, on_real.logits, on_fake.logits, fake)
        return output._replace(fake=fake) if shares else output

    @property
    def shares_loss(self) -> bool:
        """Return whether it is a game without adversaries, where both players minimise one loss and step together."""
        return isinstance(self.parts.objective, Autoencodes)

    def joint_step(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, context: StepContext, logged: bool = True
    ) -> StepOutput:
        """Return the one loss of a game without adversaries, and, where the step is ``logged``, images of the latents.

        Those are drawn in evaluation mode: latents are no codes yet, and batch normalisation must not learn from them.
        """
        objective = self.parts.objective
        assert isinstance(objective, Autoencodes)  # otherwise `shares_loss` is false
        batch = batch if self.conditional else batch._replace(labels=None)
        terms = objective.common_terms(generator, discriminator, batch, context.streams["penalty"])
        nothing = batch.z.new_zeros(0)
        fake = nothing
        if logged:
            generator.eval()
            with torch.no_grad():
                fake = generator(batch.z, batch.labels)
            generator.train()
        return StepOutput.of(terms, nothing, nothing, fake)

    def generator_step(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        context: StepContext,
        fake: Float[Tensor, "n *shape"] | None = None,
    ) -> StepOutput:
        """Return the generator's loss against a frozen discriminator; real images are scored only where the objective
        or a term reads them.

        ``fake``: the fakes of this batch by the present generator; None: they are computed here.
        """
        labels = batch.labels if self.conditional else None
        fake = fakes_of(batch, generator, labels) if fake is None else fake
        fakes = discriminator_input(self.parts, fake, batch)
        objective = self._objective(context)
        against = opponent(self.parts, objective, discriminator, batch, fakes=fakes, labels=labels, context=context)
        on_fake = scoring(self.parts, against, context, batch.z)(fakes, labels)
        on_real = DiscriminatorOutput(torch.zeros_like(on_fake.logits), on_fake.features)
        further = self.parts.present(GeneratorTerm, context.memory)
        pairwise = self.parts.implementing(PairTerm)
        ahead = bool(self.parts.implementing(Unrolls))
        real = discriminator_input(self.parts, batch.real, batch)
        reads_real = objective.capabilities.relativistic or any(p.capabilities.needs_real for p in further.values())
        if ahead or reads_real:
            with torch.set_grad_enabled(ahead):  # the discriminator some steps ahead depends on the fakes
                on_real = scoring(self.parts, against, context)(real, labels)
        terms = {}
        if all(part.adversarial for part in self.parts.implementing(MayReplaceLoss).values()):
            terms["g_loss"] = self._adversarial(objective, on_real.logits, on_fake.logits, len(fakes), context)
        step = TermContext(labels, real, fakes, against, context.streams["augment"], batch.z, generator, context.done)
        for name, part in further.items():
            terms[f"g_{name}"] = part.generator_term(_detached(on_real), on_fake, step)
        terms |= {f"g_{name}": part.pair_term(batch.real, fake) for name, part in pairwise.items()}
        self._add_weight_terms(terms, "generator", unwrapped(generator), context)
        return StepOutput.of(terms, on_real.logits, on_fake.logits, fake)

    def after_discriminator(
        self, discriminator: nn.Module, output: StepOutput, memory: Mapping[str, Memory]
    ) -> dict[str, Tensor]:
        """Call every part's actions after the discriminator's step; return further values for the log."""
        self.parts.after_step(discriminator)
        self._follow("discriminator", discriminator, memory)
        values: dict[str, Tensor] = {}
        for name, part in self.parts.implementing(Observes).items():
            values |= part.observe(memory[name], output.real_logits, output.fake_logits)
        return values

    def after_generator(self, generator: nn.Module, memory: Mapping[str, Memory]) -> None:
        """Call every part's actions after the generator's step."""
        self._follow("generator", generator, memory)

    def _adversarial(
        self, objective: Objective, real: Float[Tensor, " b"], fake: Float[Tensor, " b"], n: int, context: StepContext
    ) -> Float[Tensor, ""]:
        """Return the objective's loss of the generator, weighted where parts weigh fakes; ``n``: inputs that were scored.

        Against the discriminator some steps ahead, a zero-sum game is played whole: −(its loss), real logits included.
        """
        if self.parts.implementing(Unrolls):
            return -objective.discriminator_loss(real, fake).mean()
        losses = objective.generator_loss(real, fake)
        for part in self.parts.present(WeighsFakes, context.memory).values():
            weights = part.fake_weights(fake.detach().view(n, -1).mean(1))
            losses = losses * weights.repeat_interleave(len(losses) // n)
        return losses.mean()

    def _objective(self, context: StepContext) -> Objective:
        objective = self.parts.objective
        if not isinstance(objective, ReadsMemory):
            return objective
        name = next(name for name, part in self.parts.named.items() if part is objective)
        return cast(Objective, objective.at(context.memory[name]))

    def _critic(self, discriminator: nn.Module, context: StepContext, computed: Mapping[int, Tensor]) -> Critic:
        """Return the critic in full precision; ``computed``: known logits, by the identity of their images."""
        score = scoring(self.parts, discriminator, context)

        def critic(images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None) -> Float[Tensor, " b"]:
            logits = computed[id(images)] if id(images) in computed else score(images, labels).logits
            return logits.view(len(images), -1).mean(1)

        return critic

    def _add_weight_terms(
        self, terms: dict[str, Tensor], player: str, network: nn.Module, context: StepContext
    ) -> None:
        for name, part in self.parts.implementing(WeightTerm).items():
            terms[f"{player[0]}_{name}"] = part.weight_term(context.memory[name], player, network)

    def _follow(self, player: str, network: nn.Module, memory: Mapping[str, Memory]) -> None:
        for name, part in self.parts.implementing(Follows).items():
            part.follow(memory[name], player, network)


def _detached(output: DiscriminatorOutput) -> DiscriminatorOutput:
    """Return an output through which no gradient flows."""
    return output._replace(logits=output.logits.detach(), features=output.features.detach())


def _every(penalty: Penalty) -> int:
    return penalty.every if isinstance(penalty, LazyPenalty) else 1
