"""R2: the squared gradient of the discriminator at fake images."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.interfaces.hooks import Observes, ReadsMemory
from gantlet.core.interfaces.penalties import Critic, LazyPenalty
from gantlet.core.interfaces.step import Memory
from gantlet.training.penalties import PENALTIES
from gantlet.training.penalties.gradients import (
    falling,
    input_gradient,
    mean_squared_norm,
    require_every,
    require_weight,
)


@PENALTIES.register("r2", source="Mescheder et al. 2018, arXiv:1801.04406, Eq. 10")
@dataclass(frozen=True)
class R2(LazyPenalty, ReadsMemory, Observes):
    """The discriminator's squared gradient at fake images.

    γ/2 · E[‖∇ₓD(x)‖²], x drawn from the generator's distribution.

    When to use it: with `nonsaturating` or, together with r1, with `rpgan`. Larger γ: smoother, slower; smaller:
    sharper, less stable.
    Pixels lie in [−1, 1] and the norm sums over them, so a good γ grows with the number of pixels. With ``over`` > 0 γ goes by
    half a cosine from ``gamma`` to ``end`` while the discriminator sees so many real images (Huang et al. 2024: to a tenth).

    Raises: ConfigError when γ, end or over < 0.
    Convention: the factor ½ of the paper; the gradient of the logit, not of its sigmoid. `every` n (lazy
    regularisation, Karras et al. 2020, arXiv:1912.04958, App. B): on every n-th discriminator step with n times the
    weight, in the same optimiser step as the loss; there are no additional steps, so Adam's constants are not rescaled.
    Source: Mescheder et al. 2018, arXiv:1801.04406, Eq. 10.
    """

    gamma: float = 10.0
    every: int = 1
    over: float = 0.0
    end: float = 0.0

    def __post_init__(self) -> None:
        require_weight("r2", "gamma", self.gamma)
        require_weight("r2", "end", self.end)
        require_weight("r2", "over", self.over)
        require_every("r2", self.every)

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> Memory:
        """Return the number of real images seen, 0, where γ has a schedule."""
        return {"seen": torch.zeros((), dtype=torch.int64)} if self.over else {}

    def at(self, memory: Memory) -> "R2":
        """Return the penalty with the present γ."""
        return replace(self, gamma=falling(self.gamma, self.end, self.over, memory))

    def observe(
        self, memory: Memory, real_logits: Float[Tensor, " r"], fake_logits: Float[Tensor, " f"]
    ) -> dict[str, Tensor]:
        """Count the real images."""
        if self.over:
            memory["seen"] += len(real_logits)
        return {}

    def __call__(
        self,
        critic: Critic,
        real: Float[Tensor, "b *shape"],
        fake: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None,
        stream: torch.Generator,
    ) -> Float[Tensor, ""]:
        """Return γ/2 · mean ‖∇D‖², ≥ 0."""
        return self.gamma / 2 * mean_squared_norm(input_gradient(critic, fake, labels))
