"""Adversarial flow: the relativistic game with a pull of the generator towards the optimal transport map."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, Part, implements
from gantlet.core.interfaces.hooks import (
    DiscriminatorTerm,
    GeneratorTerm,
    MayReplaceLoss,
    ReadsMemory,
    Refuses,
    Unrolls,
    WeighsFakes,
)
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.objectives import Objective
from gantlet.core.interfaces.step import Memory, TermContext
from gantlet.core.schedules import half_cosine
from gantlet.training.objectives import OBJECTIVES

SOURCE = "Lin et al. 2025, arXiv:2511.22475, Eq. 1, 2, 7, 11, 14 and 23"


@OBJECTIVES.register("adversarial-flow", source=SOURCE)
@dataclass(frozen=True)
class AdversarialFlow(Objective, GeneratorTerm, DiscriminatorTerm, MayReplaceLoss, ReadsMemory, Refuses):
    """The relativistic pairing GAN whose generator is pulled towards z, so that of all maps it learns the optimal one.

    With logits r = D(x), f = D(G(z)): discriminator softplus(f − r) + ``centre``·(r + f)²; generator
    softplus(r − f) + λ·|G(z) − z|²/n, n the number of values, z of the data's shape. The gradient of the adversarial part by G(z)
    is divided by √n times its running root mean square (decay ``beta2``), so that λ has one meaning for all networks. λ
    falls from ``transport`` to ``transport_to`` by half a cosine over the run.

    When to use it: with the penalties r1 and r2, --latent 0 and a generator of one step, where the map itself should mean something.

    Optimum: for λ → 0 the generator's image is the data, and among such maps its cost E|G(z) − z|² is least.
    Raises: ConfigError for options out of range, a latent of another size than the data, top-k or unrolled.
    Convention: one-step models only; R1 and R2 as the penalties compute them, exactly, where the paper takes finite
    differences; the term's logged value is the loss itself, only its gradient is scaled. Source: Lin et al. 2025, arXiv:2511.22475,
    Eq. 1 and 2 (losses), 7 (centring), 11 and 14 (transport), 23 (scaling); λ .2 to .01 of its Table 2. All read in the text.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(relativistic=True, whole_batch=True)
    transport: float = 0.2
    transport_to: float = 0.01
    centre: float = 0.01
    beta2: float = 0.9

    def __post_init__(self) -> None:
        if not (min(self.transport, self.transport_to, self.centre) >= 0 and 0 < self.beta2 < 1):
            raise ConfigError(
                "objective 'adversarial-flow': expected transport, transport_to, centre ≥ 0 and beta2 in (0, 1); got "
                f"{self.transport}, {self.transport_to}, {self.centre}, {self.beta2}"
            )

    @property
    def adversarial(self) -> bool:
        """Return false: the term below holds the adversarial loss too, with its gradient scaled."""
        return False

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with parts that change the generator's adversarial loss."""
        for name, part in others.items():
            if implements(part, WeighsFakes) or implements(part, Unrolls):
                return f"it scales the gradient of the generator's loss itself, which {name} would change; leave {name} out"
        return None

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return softplus(f − r), ≥ 0, in nats."""
        return softplus(fake_logits - real_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return softplus(r − f), ≥ 0, in nats."""
        return softplus(real_logits - fake_logits)

    def discriminator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return centre·E (r + f)²."""
        return self.centre * (real.logits + fake.logits).square().mean()

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> Memory:
        """Return the running mean square of the gradient, and how many it is of."""
        return {name: torch.zeros((), dtype=torch.float64) for name in ("square", "count")}

    def at(self, memory: Memory) -> "Scaled":
        """Return the objective with its memory."""
        return Scaled(self.transport, self.transport_to, self.centre, self.beta2, memory)

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return the generator's loss with the scale of this batch alone."""
        return self.at(self.memory(nn.Identity(), nn.Identity())).generator_term(real, fake, step)


@dataclass(frozen=True)
class Scaled(AdversarialFlow):
    """The objective with the running scale of its gradient."""

    held: Memory | None = None

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return the adversarial loss, its gradient by the fakes scaled, and the transport cost; the running scale moves on."""
        points, z = step.fake.flatten(1), step.z
        if z is None or z.shape != points.shape:
            raise ConfigError(
                f"objective 'adversarial-flow' compares G(z) with z: expected latent = {points.shape[1]} (or 0, which says so); "
                f"got {0 if z is None else z.shape[1]}"
            )
        losses = self.generator_loss(real.logits, fake.logits)
        (gradient,) = torch.autograd.grad(losses.sum(), step.fake, retain_graph=True)
        scaled = (gradient * self._scale(gradient)).detach()
        surrogate = (step.fake * scaled).flatten(1).sum(1).mean()
        cost = (points - z).square().mean()
        weight = half_cosine(self.transport, self.transport_to, step.done)
        return losses.mean().detach() + surrogate - surrogate.detach() + weight * cost

    def _scale(self, gradient: Float[Tensor, "b *shape"]) -> float:
        assert self.held is not None  # `at` gives it
        rows = gradient.flatten(1)
        self.held["square"].lerp_(rows.double().square().sum(1).mean().to(self.held["square"]), 1 - self.beta2)
        self.held["count"] += 1
        mean = float(self.held["square"]) / (1 - self.beta2 ** float(self.held["count"]))
        return 1 / math.sqrt(rows.shape[1] * mean) if mean > 0 else 0.0
