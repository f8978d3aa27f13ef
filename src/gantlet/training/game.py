"""The game that a configuration describes: both players' losses with every term joined in. New methods enter as parts
(see hooks.py), not here and not in the loop.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.func import functional_call

from gantlet.core.config import TrainConfig
from gantlet.core.interfaces.hooks import (
    Augments,
    Autoencodes,
    DiscriminatorTerm,
    Follows,
    GeneratorTerm,
    MeetsBatch,
    Memory,
    Observes,
    PairTerm,
    ReadsMemory,
    StepContext,
    Unrolls,
    WeightTerm,
)
from gantlet.core.interfaces.networks import DiscriminatorOutput
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.batch import Batch, fakes_of
from gantlet.training.parts import Parts
from gantlet.training.penalties.gradients import input_gradient
from gantlet.training.step_output import StepOutput
from gantlet.training.techniques.ema import Ema

Judge = Callable[[Float[Tensor, "b ..."], Int64[Tensor, " b"] | None], DiscriminatorOutput]


@dataclass(frozen=True)
class Game:
    """The parts and the moving average, played turn by turn; built from a configuration by `of`."""

    parts: Parts
    average: Ema | None
    conditional: bool
    full_precision: bool

    @classmethod
    def of(cls, config: TrainConfig) -> "Game":
        """Build every part that the configuration names; raises UnknownName and ConfigError."""
        parts = Parts.of(config)
        return cls(
            parts=parts,
            average=parts.named.get("ema"),
            conditional=config.conditioning != "none",
            full_precision=config.precision == "32-true",
        )

    def discriminator_step(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, context: StepContext, shares: bool = False
    ) -> StepOutput:
        """Return the discriminator's loss: the objective on separate real and fake passes, plus every term.

        Where a penalty asks for the logits of exactly these images in full precision, the pass is not done twice.
        ``shares``: the turn's fakes still know how they were made, for `generator_step`.
        """
        labels = batch.labels if self.conditional else None
        with torch.set_grad_enabled(shares):
            fake = fakes_of(batch, generator, labels)
        real, fakes = self._seen(batch.real, batch), self._seen(fake.detach(), batch)
        due = {
            n: p for n, p in self.parts.penalties.items() if context.discriminator_step % getattr(p, "every", 1) == 0
        }
        objective = self._objective(context)
        if isinstance(objective, MeetsBatch):
            objective = objective.meeting(real, fakes)
        if due or hasattr(objective, "regulariser"):
            real, fakes = real.detach().requires_grad_(True), fakes.detach().requires_grad_(True)
        judge = self._judge(discriminator, context)
        on_real, on_fake = judge(real, labels), self._judge(discriminator, context, batch.z)(fakes, labels)
        known = {id(real): on_real.logits, id(fakes): on_fake.logits} if self.full_precision else {}
        plain = _plain(discriminator)
        precise = self._judge(plain, context)

        def critic(images: Float[Tensor, "b *shape"], asked: Int64[Tensor, " b"] | None) -> Float[Tensor, " b"]:
            logits = known[id(images)] if id(images) in known else precise(images, asked).logits
            return logits.view(len(images), -1).mean(1)

        terms = {"d_loss": objective.discriminator_loss(on_real.logits, on_fake.logits).mean()}
        if hasattr(objective, "regulariser"):
            terms["d_regulariser"] = objective.regulariser(input_gradient(critic, fakes, labels), fakes)
        for name, penalty in due.items():
            value = penalty(critic, real, fakes, labels, context.streams["penalty"])
            terms[name] = value * getattr(penalty, "every", 1)
        for name, part in self.parts.that(DiscriminatorTerm).items():
            terms[f"d_{name}"] = part.discriminator_term(on_real, on_fake, labels)
        self._add_weight_terms(terms, "discriminator", plain, context)
        turn = StepOutput.of(terms, on_real.logits, on_fake.logits, fake)
        return turn._replace(fake=fake) if shares else turn

    @property
    def shares_loss(self) -> bool:
        """Return whether it is a game without adversaries, where both players lower one loss and step together."""
        return isinstance(self.parts.objective, Autoencodes)

    def joint_step(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, context: StepContext
    ) -> StepOutput:
        """Return the one loss of a game without adversaries, and images of the latents for the log.

        Those are drawn in evaluation mode: latents are no codes yet, and batch normalisation must not learn from them.
        """
        shown = batch if self.conditional else batch._replace(labels=None)
        objective: Any = self.parts.objective
        terms = objective.common_terms(generator, discriminator, shown, context.streams["penalty"])
        generator.eval()
        with torch.no_grad():
            fake = generator(shown.z, shown.labels)
        generator.train()
        nothing = fake.new_zeros(0)
        return StepOutput.of(terms, nothing, nothing, fake)

    def generator_step(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        context: StepContext,
        fake: Float[Tensor, "n *shape"] | None = None,
    ) -> StepOutput:
        """Return the generator's loss against a frozen discriminator; real images are judged only where the objective
        or a term looks at them.

        ``fake``: what the generator, as it is now, made of the batch; None: it is made here.
        """
        labels = batch.labels if self.conditional else None
        fake = fakes_of(batch, generator, labels) if fake is None else fake
        fakes = self._seen(fake, batch)
        opponent = self._opponent(discriminator, batch, fakes, labels, context)
        judge = self._judge(opponent, context)
        on_fake = self._judge(opponent, context, batch.z)(fakes, labels)
        objective, further = self._objective(context), self.parts.that(GeneratorTerm)
        pairwise = self.parts.that(PairTerm)
        on_real = DiscriminatorOutput(torch.zeros_like(on_fake.logits), on_fake.features)
        if objective.relativistic or any(getattr(part, "needs_real", True) for part in further.values()):
            with torch.no_grad():
                on_real = judge(self._seen(batch.real, batch), labels)
        terms = {}
        if not any(getattr(part, "replaces", False) for part in (*further.values(), *pairwise.values())):
            terms["g_loss"] = objective.generator_loss(on_real.logits, on_fake.logits).mean()
        for name, part in further.items():
            terms[f"g_{name}"] = part.generator_term(on_real, on_fake, labels)
        terms |= {f"g_{name}": part.pair_term(batch.real, fake) for name, part in pairwise.items()}
        self._add_weight_terms(terms, "generator", _plain(generator), context)
        return StepOutput.of(terms, on_real.logits, on_fake.logits, fake)

    def after_discriminator(
        self, discriminator: nn.Module, turn: StepOutput, memory: Mapping[str, Memory]
    ) -> dict[str, Tensor]:
        """Let every part act after the discriminator's step; return further values for the log."""
        self.parts.after_step(discriminator)
        self._follow("discriminator", discriminator, memory)
        seen: dict[str, Tensor] = {}
        for name, part in self.parts.that(Observes).items():
            seen |= part.observe(memory[name], turn.real_logits, turn.fake_logits)
        return seen

    def after_generator(self, generator: nn.Module, memory: Mapping[str, Memory]) -> None:
        """Let every part follow the generator's step."""
        self._follow("generator", generator, memory)

    def _objective(self, context: StepContext) -> Objective:
        objective = self.parts.objective
        if not isinstance(objective, ReadsMemory):
            return objective
        return objective.at(next(context.memory[n] for n, part in self.parts.named.items() if part is objective))

    def _seen(self, images: Float[Tensor, "n *shape"], batch: Batch) -> Float[Tensor, "b *packed"]:
        """Return what the discriminator judges: images with their inputs where it sees them, in packs."""
        if batch.inputs is not None and self.parts.sees_inputs:
            images = torch.cat([batch.inputs, images], dim=1)
        pack = self.parts.pack
        return images if pack == 1 else images.reshape(len(images) // pack, -1, *images.shape[2:])

    def _judge(self, discriminator: nn.Module | Judge, context: StepContext, z: Tensor | None = None) -> Judge:
        """Return the discriminator as it sees images: augmented, each image of a pack by itself, with ``z`` if it looks."""
        if z is not None and getattr(_plain(discriminator), "sees_latents", False):
            sees: Any = discriminator
            return lambda images, labels: sees(images, labels, z)
        augmenters = self.parts.that(Augments).values()
        if not augmenters:
            return discriminator

        def judge(images: Float[Tensor, "b *packed"], labels: Int64[Tensor, " b"] | None) -> DiscriminatorOutput:
            single = images.reshape(len(images) * self.parts.pack, -1, *images.shape[2:])
            for part in augmenters:
                single = part.augment(single, context.streams["augment"])
            return discriminator(single.reshape(images.shape), labels)

        return judge

    def _opponent(
        self,
        discriminator: nn.Module,
        batch: Batch,
        fakes: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None,
        context: StepContext,
    ) -> nn.Module | Judge:
        """Return whom the generator plays against: the discriminator as it is, or some steps ahead."""
        unrolled = list(self.parts.that(Unrolls).values())
        if not unrolled:
            return discriminator
        plain, real = _plain(discriminator), self._seen(batch.real, batch)

        def loss(parameters: dict[str, Tensor]) -> Tensor:
            on_real = functional_call(plain, parameters, (real, labels))
            on_fake = functional_call(plain, parameters, (fakes, labels))
            return self._objective(context).discriminator_loss(on_real.logits, on_fake.logits).mean()

        ahead = unrolled[0].future(plain, loss, context.optimizer)

        def judge(images: Float[Tensor, "b *shape"], asked: Int64[Tensor, " b"] | None) -> DiscriminatorOutput:
            judged: DiscriminatorOutput = functional_call(plain, ahead, (images, asked))
            return judged

        return judge

    def _add_weight_terms(
        self, terms: dict[str, Tensor], player: str, network: nn.Module, context: StepContext
    ) -> None:
        for name, part in self.parts.that(WeightTerm).items():
            terms[f"{player[0]}_{name}"] = part.weight_term(context.memory[name], player, network)

    def _follow(self, player: str, network: nn.Module, memory: Mapping[str, Memory]) -> None:
        for name, part in self.parts.that(Follows).items():
            part.follow(memory[name], player, network)


def _plain(network: Any) -> Any:
    """Return the module inside Fabric's wrapper."""
    inner = getattr(network, "module", network)
    return inner if isinstance(inner, nn.Module) else network
