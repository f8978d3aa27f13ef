"""Adaptive discriminator augmentation: images are changed with a probability that follows the discriminator's overfitting."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.hooks import Augments, Observes, ReadsMemory, Refuses
from gantlet.core.interfaces.objectives import Objective
from gantlet.core.interfaces.step import Memory
from gantlet.core.schedules import half_cosine
from gantlet.training.techniques import TECHNIQUES
from gantlet.training.techniques.image_changes import blit, chance, color, cutout, geometry, resampled

GROUPS = ("blit", "geometry", "color", "cutout")


@TECHNIQUES.register("ada", source="Karras et al. 2020, arXiv:2006.06676, §3, Eq. 1 and App. B")
@dataclass(frozen=True)
class AdaptiveAugmentation(Augments, ReadsMemory, Observes, Refuses):
    """Real and fake images reach the discriminator changed with probability p, which rises while it overfits.

    r = E[sign D(x)] over ``every`` discriminator steps; p ← clip(p ± n/``images``, 0, 1), + where r > ``target``, n the real
    images of these steps. Each change of ``policy`` (joined by +) is made with probability p, independently: ``blit`` (mirror,
    quarter turns, moves by whole pixels up to ⅛), ``geometry`` (scale, turn, stretch, move), ``color`` (brightness, contrast,
    luma flip, hue, saturation; its probability is p times the option ``color``), ``cutout`` (a square of half the side).
    With ``over`` > 0 p follows a schedule in its place: by half a cosine from ``p`` to ``end`` over so many real images.

    When to use it: with few training images (hundreds to tens of thousands).

    Raises: ConfigError for options out of range, and without ``over`` for objectives whose logits have no sign (rpgan, ebgan).
    Convention: target 0.6, 4 steps and 500,000 images (from p = 0 to 1) as in the paper, with its strengths (App. B); resampling
    is bilinear between mirrored edges, without the paper's wavelet filter; the log's ``ada_p`` and ``ada_r``.
    Source: Karras et al. 2020, arXiv:2006.06676, §3, Eq. 1 and App. B; schedule as in Huang et al. 2024, arXiv:2501.05441.
    """

    target: float = 0.6
    every: int = 4
    images: float = 500_000.0
    p: float = 0.0
    policy: str = "blit+geometry+color"
    color: float = 1.0
    over: float = 0.0
    end: float = 0.0

    def __post_init__(self) -> None:
        unknown = [name for name in self.policy.split("+") if name not in GROUPS]
        shares = all(0 <= value <= 1 for value in (self.p, self.end, self.color))
        ranges = -1 <= self.target <= 1 and self.every >= 1 and self.images > 0 and 0 <= self.over < float("inf")
        if unknown or not shares or not ranges:
            raise ConfigError(
                f"technique 'ada': expected a policy of {', '.join(GROUPS)} joined by +, p, end and color in [0, 1], target in "
                f"[−1, 1], every ≥ 1, images > 0 and over ≥ 0; got {self}"
            )

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with logits without a sign."""
        signless = [part for part in others.values() if isinstance(part, Objective) and _signless(part)]
        if signless and not self.over:
            return (
                f"it reads the sign of logits, which says nothing with {config.objective!r}; give p a schedule, e.g. "
                "'ada[over=2000000,end=0.5]'"
            )
        return None

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> Memory:
        """Return p, and the counts since its last change (and since the start: real images)."""
        start = {"p": self.p, "signs": 0.0, "logits": 0.0, "steps": 0.0, "seen": 0.0}
        return {name: torch.tensor(value, dtype=torch.float64) for name, value in start.items()}

    def at(self, memory: Memory) -> "AdaptiveAugmentation":
        """Return the technique with the present p."""
        return replace(self, p=float(memory["p"]))

    @torch.no_grad()
    def observe(
        self, memory: Memory, real_logits: Float[Tensor, " r"], fake_logits: Float[Tensor, " f"]
    ) -> dict[str, Tensor]:
        """Move p; return it and r for the log."""
        memory["signs"] += real_logits.sign().double().sum()
        memory["logits"] += len(real_logits)
        memory["seen"] += len(real_logits)
        memory["steps"] += 1
        rate = memory["signs"] / memory["logits"]
        if self.over:
            memory["p"].fill_(half_cosine(self.p, self.end, float(memory["seen"]) / self.over))
        elif memory["steps"] >= self.every:
            step = torch.sign(rate - self.target) * memory["logits"] / self.images
            memory["p"].copy_((memory["p"] + step).clamp(0, 1))
        if memory["steps"] >= self.every:
            for name in ("signs", "logits", "steps"):
                memory[name].zero_()
        return {"ada_p": memory["p"].clone(), "ada_r": rate}

    def augment(self, images: Float[Tensor, "b c s s"], stream: torch.Generator) -> Float[Tensor, "b c s s"]:
        """Return the changed images."""
        groups, dice = self.policy.split("+"), chance(images, stream)
        place = torch.eye(3, dtype=images.dtype, device=images.device).repeat(len(images), 1, 1)
        place = blit(place, self.p, dice, images.shape[-1]) if "blit" in groups else place
        place = geometry(place, self.p, dice) if "geometry" in groups else place
        images = resampled(images, place)
        images = color(images, self.p * self.color, dice) if "color" in groups else images
        return cutout(images, self.p, dice) if "cutout" in groups else images


def _signless(objective: Objective) -> bool:
    return objective.capabilities.relativistic or objective.capabilities.reads_energy
