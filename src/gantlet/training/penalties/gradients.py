"""Helpers of penalties: the one place that differentiates a critic by its input, random points, checks of options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import Observes, ReadsMemory
from gantlet.core.interfaces.penalties import Critic, LazyPenalty
from gantlet.core.interfaces.step import Memory
from gantlet.core.rng import for_rows
from gantlet.core.schedules import half_cosine


def input_gradient(
    critic: Critic, images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None
) -> Float[Tensor, "b *shape"]:
    """Return ∇ₓ critic(x) of each image, differentiable once more.

    Args: images [b, …] float32 or float64; when they already require a gradient the critic may reuse their logits.
    Convention: out of place (torch.autograd.grad), so parameters' gradients stay untouched; autocast is off.
    Each logit must depend on its own image only (no batch normalisation): the sum's gradient is then each image's own.
    """
    leaf = images if images.requires_grad else images.detach().requires_grad_(True)
    with torch.autocast(images.device.type, enabled=False):
        logits = critic(leaf, labels)
        (gradient,) = torch.autograd.grad(logits.sum(), leaf, create_graph=True)
    return gradient


def gradient_norm(
    critic: Critic, images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None
) -> Float[Tensor, " b"]:
    """Return ‖∇ₓ critic(x)‖₂ of each image over all its pixels."""
    return torch.linalg.vector_norm(input_gradient(critic, images, labels).flatten(1), dim=1)


def random_uniform(like: Tensor, shape: Sequence[int], stream: torch.Generator) -> Tensor:
    """Return numbers of U[0, 1) drawn from ``stream`` row by row, with dtype and device of ``like``."""
    n, *rest = shape
    drawn = for_rows(n, lambda rows: torch.rand(rows, *rest, generator=stream, dtype=like.dtype, device=stream.device))
    return drawn.to(like.device)


def interpolate(
    real: Float[Tensor, "b *shape"], fake: Float[Tensor, "b *shape"], stream: torch.Generator
) -> Float[Tensor, "b *shape"]:
    """Return α·x + (1 − α)·G(z) with one α ~ U[0, 1) per sample."""
    alpha = random_uniform(real, (len(real), *[1] * (real.dim() - 1)), stream)
    return fake.detach() + alpha * (real.detach() - fake.detach())


def mean_squared_norm(gradient: Float[Tensor, "b *shape"]) -> Float[Tensor, ""]:
    """Return the mean over the batch of ‖∇‖², summed over each image's pixels."""
    return gradient.square().flatten(1).sum(1).mean()


def falling(weight: float, end: float, over: float, memory: Mapping[str, Tensor]) -> float:
    """Return a weight's present value: half a cosine from ``weight`` to ``end`` over ``over`` images seen; 0: constant."""
    return half_cosine(weight, end, float(memory["seen"]) / over) if over else weight


def require_weight(penalty: str, name: str, value: float) -> None:
    """Raise ConfigError unless a penalty's weight is a finite number ≥ 0."""
    if not 0 <= value < float("inf"):
        raise ConfigError(f"penalty {penalty!r}: expected {name} ≥ 0 and finite; got {value}")


def require_every(penalty: str, every: int) -> None:
    """Raise ConfigError unless the interval of a lazy penalty is at least one step."""
    if every < 1:
        raise ConfigError(f"penalty {penalty!r}: expected every ≥ 1 step; got {every}")


@dataclass(frozen=True)
class FallingPenalty(LazyPenalty, ReadsMemory, Observes):
    """A lazy penalty whose γ may fall with the real images that the discriminator has seen; its class's name is its own."""

    gamma: float = 10.0
    every: int = 1
    over: float = 0.0
    end: float = 0.0

    def __post_init__(self) -> None:
        require_weight(type(self).__name__.lower(), "gamma", self.gamma)
        require_weight(type(self).__name__.lower(), "end", self.end)
        require_weight(type(self).__name__.lower(), "over", self.over)
        require_every(type(self).__name__.lower(), self.every)

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> Memory:
        """Return the number of real images seen, 0, where γ has a schedule."""
        return {"seen": torch.zeros((), dtype=torch.int64)} if self.over else {}

    def at(self, memory: Memory) -> "FallingPenalty":
        """Return the penalty with the present γ."""
        return replace(self, gamma=falling(self.gamma, self.end, self.over, memory))

    def observe(
        self, memory: Memory, real_logits: Float[Tensor, " r"], fake_logits: Float[Tensor, " f"]
    ) -> dict[str, Tensor]:
        """Count the real images."""
        if self.over:
            memory["seen"] += len(real_logits)
        return {}
