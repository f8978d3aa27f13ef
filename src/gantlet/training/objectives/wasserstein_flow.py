"""Wasserstein flow: each sample is regressed on where the gradient flow of the Sinkhorn divergence would carry it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import Refuses, ReplacesDiscriminator
from gantlet.core.interfaces.modules import Batch, NoDiscriminator
from gantlet.core.interfaces.objectives import Autoencodes
from gantlet.training.objectives import OBJECTIVES
from gantlet.transport.costs import cost_of
from gantlet.transport.sinkhorn import balance


@OBJECTIVES.register("wasserstein-flow", source="Han et al. 2026, arXiv:2605.11755 (W-Flow)")
@dataclass(frozen=True)
class WassersteinFlow(Autoencodes, ReplacesDiscriminator, Refuses):
    """One-step generation along the Wasserstein gradient flow of the Sinkhorn divergence, without an adversary.

    For generated x_i, real y_j and a second generated batch x'_j: V_i = T_p(x_i) − T_q(x_i), the barycentric maps of the entropic
    plans from x to y and from x to x'. Loss: mean |G(z_i) − (x_i + η V_i)|² / values, the target held fixed. Options: ``step``
    η; ``epsilon``: ε over the batch's mean squared distance between x and y, the same for both plans; ``iterations`` at most.

    When to use it: on points and on few values; the distance is of the values as they are, while the paper takes it in the features of
    a trained encoder, without which it reports no images at scale. Batches of 256 or more: the plan knows no more than its batch.

    Optimum: where both batches come from one distribution, V is 0 on average (the second batch makes it so).
    Raises: ConfigError for options out of range, conditions, penalties and terms of an adversarial game.
    Convention: quadratic cost; Sinkhorn to 10⁻³ of the masses. Source: Han et al. 2026, arXiv:2605.11755: abstract and the authors'
    description (divergence, barycentric maps, two batches, fixed target) were read, the paper's equations not; ε and η are ours.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True)
    step: float = 1.0
    epsilon: float = 0.05
    iterations: int = 200

    def __post_init__(self) -> None:
        if not (0 < self.step < float("inf") and 0 < self.epsilon < float("inf") and self.iterations >= 1):
            raise ConfigError(
                "objective 'wasserstein-flow': expected step, epsilon > 0 and iterations ≥ 1; got "
                f"{self.step}, {self.epsilon}, {self.iterations}"
            )

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with labels, or with penalties."""
        if config.conditioning != "none":
            return "its transport does not read labels; use --conditioning none"
        if config.penalties:
            return "it has no discriminator for penalties to act on; leave them out"
        return None

    def around(self, discriminator: nn.Module, config: TrainConfig) -> nn.Module:
        """Return the absent discriminator."""
        return NoDiscriminator()

    def common_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, stream: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the regression's error: η² times the mean square of V."""
        x = generator(batch.z, None)
        with torch.no_grad():
            second = generator(torch.randn(batch.z.shape, generator=stream).to(batch.z), None)
            aim = x + self.step * velocity(x, batch.real, second, self.epsilon, self.iterations)
        return {"flow": (x - aim).square().mean()}

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return 0: there is no adversary."""
        return 0 * (fake_logits - real_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return 0: there is no adversary."""
        return 0 * fake_logits


def velocity(
    x: Float[Tensor, "b *shape"],
    real: Float[Tensor, "b *shape"],
    second: Float[Tensor, "b *shape"],
    epsilon: float,
    iterations: int,
) -> Float[Tensor, "b *shape"]:
    """Return V, the direction in which each x lowers the Sinkhorn divergence from the real images fastest.

    ``epsilon``: over the mean squared distance between x and ``real``; ``second``: fresh samples of x's own distribution.
    """
    rows = [side.flatten(1).double().cpu() for side in (x.detach(), real, second)]
    quadratic = cost_of("quadratic")
    to_real = quadratic.tiles(rows[0], rows[1])
    scale = epsilon * float(to_real.rows(0, to_real.n).mean())
    if not scale > 0:
        return torch.zeros_like(x)
    maps = []
    for target in rows[1:]:
        tiles = quadratic.tiles(rows[0], target)
        found = balance(tiles, scale, 1e-3, iterations)
        maps.append(((found.fake - tiles.rows(0, tiles.n)) / scale).softmax(dim=1) @ target)
    return (maps[0] - maps[1]).view(x.shape).to(x)
