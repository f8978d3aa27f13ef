"""EMA: an exponential moving average of the generator, used for every sample and measurement."""

from dataclasses import dataclass

import torch
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import Averages
from gantlet.core.schedules import half_cosine
from gantlet.training.techniques import TECHNIQUES


@TECHNIQUES.register(
    "ema", source="Yazıcı et al. 2019, arXiv:1806.04498; half-life in images as in Karras et al. 2018, arXiv:1710.10196"
)
@dataclass(frozen=True)
class Ema(Averages):
    """An exponential moving average of the generator's weights; samples and metrics use it.

    θ̄ ← β·θ̄ + (1 − β)·θ after each generator step, β = 2^(−b/h) for b new training images and half-life h.

    Options: ``half_life`` h, in training images seen (not steps); ``rampup``: early on h is at most ``rampup`` × images
    seen, so that the random start is forgotten soon (0: off); ``over`` > 0: in its place h rises from 0 to ``half_life`` by half
    a cosine over so many images (Huang et al. 2024).

    When to use it: nearly always; it takes the game's oscillation out of the samples at no cost worth naming.

    Raises: ConfigError for a half-life ≤ 0 or a negative rampup or over.
    Convention: parameters are averaged, buffers (the running statistics of batch normalisation) are copied.
    Source: Yazıcı et al. 2019, arXiv:1806.04498; half-life in images as in Karras et al. 2018, arXiv:1710.10196.
    """

    half_life: float = 10_000.0
    rampup: float = 0.05
    over: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.half_life < float("inf"):
            raise ConfigError(f"technique 'ema': expected half_life > 0 training images; got {self.half_life}")
        if not 0 <= self.rampup < float("inf"):
            raise ConfigError(f"technique 'ema': expected rampup ≥ 0; got {self.rampup}")
        if not 0 <= self.over < float("inf"):
            raise ConfigError(f"technique 'ema': expected over ≥ 0 images; got {self.over}")

    @torch.no_grad()
    def update(self, average: nn.Module, generator: nn.Module, images_seen: int, images: int) -> None:
        """Move ``average`` towards ``generator`` in place."""
        held, rampup = self.half_life, self.rampup
        if self.over:
            held, rampup = half_cosine(0.0, self.half_life, images_seen / self.over), 0.0
        toward = 1 - decay(held, rampup, images_seen, images)
        torch._foreach_lerp_(list(average.parameters()), list(generator.parameters()), toward)
        for copy, buffer in zip(average.buffers(), generator.buffers(), strict=True):
            copy.copy_(buffer)


def decay(half_life: float, rampup: float, images_seen: int, images: int) -> float:
    """Return β ∈ [0, 1) for a step of ``images`` new images that brings the count to ``images_seen``."""
    held = min(half_life, rampup * images_seen) if rampup else half_life
    return float(0.5 ** (images / held)) if held > 0 else 0.0
