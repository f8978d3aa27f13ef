"""Unrolled GAN: the generator is trained against the discriminator some steps ahead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import DiscriminatorTerm, Refuses, Unrolls, WeighsFakes, WeightTerm
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.techniques import TECHNIQUES

Loss = Callable[[dict[str, Tensor]], Tensor]


@TECHNIQUES.register("unrolled", source="Metz et al. 2017, arXiv:1611.02163, Eq. 7–11")
@dataclass(frozen=True)
class Unrolled(Refuses, Unrolls):
    """The generator's loss is taken against the discriminator after K of its own steps, and differentiated through them.

    With f = −(D's loss): θ_D⁰ = θ_D, θ_D^{k+1} = θ_D^k + Adam(∇f(θ_G, θ_D^k)); G minimises the whole f(θ_G, θ_D^K(θ_G)),
    the term of the real images included, since θ_D^K depends on G too; D itself takes one ordinary step. Option:
    ``steps`` K.

    When to use it: against mode collapse in small games; a step costs about 1 + K times as much.

    Raises: ConfigError when K < 1, with another optimiser than Adam, with an objective that is no zero-sum game (f is one:
    take minimax or wgan), and with penalties or other terms of D's loss.
    Convention: true unrolling: the inner steps are those of D's own Adam (its moments and rate at this step), and the
    gradient flows through all of them, second derivatives included; the K inner steps share the batch of the generator's
    step. (Taking K detached steps and restoring D afterwards lacks the second term of Eq. 11.)
    Source: Metz et al. 2017, arXiv:1611.02163, Eq. 7–11.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True)
    steps: int = 5

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ConfigError(f"technique 'unrolled': expected steps ≥ 1; got {self.steps}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with penalties or another optimiser."""
        if config.optimizer != "adam":
            return f"it unrolls steps of Adam; got optimizer {config.optimizer!r}"
        if config.penalties:
            return f"its inner steps follow the plain adversarial loss, without {', '.join(config.penalties)}"
        if any(isinstance(part, Objective) and not part.capabilities.zero_sum for part in others.values()):
            return (
                f"its generator minimises what the discriminator maximises, real images included, and {config.objective!r} "
                "has another loss for it; use --objective minimax or wgan"
            )
        further = [
            name for name, part in others.items() if isinstance(part, (DiscriminatorTerm, WeightTerm, WeighsFakes))
        ]
        if further:
            return f"its inner steps and its generator follow the plain adversarial loss, without {', '.join(further)}"
        return None

    def future(self, discriminator: nn.Module, loss: Loss, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
        """Return the parameters after K differentiable steps of Adam."""
        (group,) = optimizer.param_groups
        beta1, beta2 = group["betas"]
        slots = [optimizer.state.get(parameter, {}) for parameter in discriminator.parameters()]
        ahead = {name: p.detach().requires_grad_(True) for name, p in discriminator.named_parameters()}
        zeros = [torch.zeros_like(p) for p in ahead.values()]
        means = [state.get("exp_avg", zero) for state, zero in zip(slots, zeros, strict=True)]
        squares = [state.get("exp_avg_sq", zero) for state, zero in zip(slots, zeros, strict=True)]
        taken = int(slots[0].get("step", 0))
        for t in range(taken + 1, taken + self.steps + 1):
            gradients = torch.autograd.grad(loss(ahead), list(ahead.values()), create_graph=True)
            means = [beta1 * m + (1 - beta1) * g for m, g in zip(means, gradients, strict=True)]
            squares = [beta2 * v + (1 - beta2) * g.square() for v, g in zip(squares, gradients, strict=True)]
            steps = [
                group["lr"] * (m / (1 - beta1**t)) / (_root(v / (1 - beta2**t)) + group["eps"])
                for m, v in zip(means, squares, strict=True)
            ]
            ahead = {name: p - step for (name, p), step in zip(ahead.items(), steps, strict=True)}
        return ahead


def _root(square: Tensor) -> Tensor:
    """Return √v with derivative 0 where v = 0 (a weight that never had a gradient), instead of infinity."""
    positive = square > 0
    return torch.where(positive, torch.where(positive, square, torch.ones_like(square)).sqrt(), square)
