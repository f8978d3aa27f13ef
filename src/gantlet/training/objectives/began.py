"""The boundary-equilibrium GAN: two auto-encoding losses whose ratio a slow controller holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import Observes, ReadsMemory, Refuses
from gantlet.core.interfaces.objectives import Objective, refuse_without_energy
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("began", source="Berthelot et al. 2017, arXiv:1703.10717, §3.3–3.4")
@dataclass(frozen=True)
class BoundaryEquilibrium(Objective, Refuses, ReadsMemory, Observes):
    """Boundary-equilibrium game: the auto-encoder learns real images and, k times, unlearns fakes; k keeps the balance.

    With auto-encoding losses L(x) = −r, L(G) = −f: discriminator: L(x) − k·L(G); generator: L(G); after each
    discriminator step k ← clip(k + λ_k·(γ·L(x) − L(G)), 0, 1) with the batch's means.
    Options: ``gamma`` γ, the wanted ratio L(G)/L(x), lower: sharper and less varied; ``rate`` λ_k; ``k`` at the start.

    When to use it: with the network `autoencoder[energy=absolute]`. The log's ``m_global`` = L(x) + abs(γ·L(x) − L(G))
    falls as the run converges.

    Raises: ConfigError for γ outside (0, 1], rate ≤ 0 or k outside [0, 1], and for a discriminator that is no
    auto-encoder.
    Convention: logits are minus the losses; k is clamped on both sides and is in the checkpoint; the learning rate is
    not lowered on plateaus as in the paper.
    Source: Berthelot et al. 2017, arXiv:1703.10717, §3.3 (losses and k) and §3.4 (M_global).
    """

    capabilities: ClassVar[Capabilities] = Capabilities(reads_energy=True)
    gamma: float = 0.5
    rate: float = 1e-3
    k: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.gamma <= 1 and 0 < self.rate < float("inf") and 0 <= self.k <= 1):
            raise ConfigError(
                "objective 'began': expected gamma in (0, 1], rate > 0 and k in [0, 1]; got "
                f"{self.gamma}, {self.rate}, {self.k}"
            )

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with a discriminator that is no auto-encoder."""
        return refuse_without_energy(discriminator)

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> dict[str, Tensor]:
        """Return k at the start."""
        return {"k": torch.tensor(self.k, dtype=torch.float64)}

    def at(self, memory: dict[str, Tensor]) -> "BoundaryEquilibrium":
        """Return the objective with the present k."""
        return replace(self, k=float(memory["k"]))

    def observe(
        self, memory: dict[str, Tensor], real_logits: Float[Tensor, " r"], fake_logits: Float[Tensor, " f"]
    ) -> dict[str, Tensor]:
        """Move k in place; return k and m_global for the log."""
        real, fake = -real_logits.double().mean(), -fake_logits.double().mean()
        balance = self.gamma * real - fake
        memory["k"].copy_((memory["k"] + self.rate * balance).clamp(0, 1))
        return {"k": memory["k"].clone(), "m_global": real + balance.abs()}

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return L(x) − k·L(G)."""
        return -real_logits + self.k * fake_logits

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return L(G), ≥ 0."""
        return -fake_logits
