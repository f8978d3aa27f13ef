"""LeCam regularisation: each side's logits are drawn to the other side's moving average."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import DiscriminatorTerm, Observes, ReadsMemory
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.step import Memory, TermContext
from gantlet.training.techniques import TECHNIQUES


@dataclass(frozen=True)
class Anchored(DiscriminatorTerm):
    """The term at the present anchors."""

    weight: float
    real: Float[Tensor, ""]
    fake: Float[Tensor, ""]

    def discriminator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return λ·(mean (r − α_F)² + mean (f − α_R)²), ≥ 0."""
        distances = (real.logits - self.fake).square().mean() + (fake.logits - self.real).square().mean()
        return self.weight * distances


@TECHNIQUES.register("lecam", source="Tseng et al. 2021, arXiv:2104.03310, Eq. 4")
@dataclass(frozen=True)
class LeCam(DiscriminatorTerm, ReadsMemory, Observes):
    """The discriminator's logits are held near the moving average of the other side's.

    Discriminator: + λ·(E[(D(x) − α_F)²] + E[(D(G(z)) − α_R)²]), α_R and α_F moving averages of its mean logits for real and
    fake images. Options: ``weight`` λ; ``decay`` of the averages.

    When to use it: with few training images, beside diffaugment or ada; with wgan's losses it is a LeCam divergence.

    Raises: ConfigError unless λ > 0 and 0 ≤ decay < 1.
    Convention: averages of the steps before this one, with the weights of steps that never were divided out
    (α_t = (1 − γ)·Σ γ^(t−i) m_i / (1 − γ^t)); no term in the first step. Both sides are squared whole, as in Eq. 4 (the
    authors' code squares the positive parts). The averages are in the checkpoint.
    Source: Tseng et al. 2021, arXiv:2104.03310, Eq. 4.
    """

    weight: float = 0.3
    decay: float = 0.99

    def __post_init__(self) -> None:
        if not 0 < self.weight < float("inf") or not 0 <= self.decay < 1:
            raise ConfigError(
                f"technique 'lecam': expected weight > 0 and decay in [0, 1); got {self.weight}, {self.decay}"
            )

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> Memory:
        """Return sums of weighted means of both sides, and the sum of their weights, all 0."""
        return {name: torch.zeros((), dtype=torch.float64) for name in ("real", "fake", "weights")}

    def at(self, memory: Memory) -> DiscriminatorTerm:
        """Return the term at the present anchors; itself before there are any."""
        if memory["weights"] == 0:
            return self
        return Anchored(self.weight, memory["real"] / memory["weights"], memory["fake"] / memory["weights"])

    def observe(
        self, memory: Memory, real_logits: Float[Tensor, " r"], fake_logits: Float[Tensor, " f"]
    ) -> dict[str, Tensor]:
        """Move the averages; return both for the log."""
        means = {"real": real_logits.double().mean(), "fake": fake_logits.double().mean()}
        ones = torch.ones_like(memory["weights"])
        for name, mean in {**means, "weights": ones}.items():
            memory[name].mul_(self.decay).add_((1 - self.decay) * mean)
        return {f"lecam_{name}": memory[name] / memory["weights"] for name in means}

    def discriminator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return 0: there are no anchors yet."""
        return torch.zeros_like(real.logits.mean())
