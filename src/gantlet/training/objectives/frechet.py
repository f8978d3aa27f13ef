"""The Fréchet distance as the generator's loss: no adversary, a running population of moments."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.hooks import GeneratorTerm, MayReplaceLoss, ReadsMemory
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.objectives import Objective
from gantlet.core.interfaces.step import Memory, TermContext
from gantlet.core.numerics.feature_maps import log_packets, random_network
from gantlet.core.numerics.frechet_loss import Normal, factor, frechet_loss
from gantlet.core.words import counted
from gantlet.training.objectives import OBJECTIVES

SPACES = ("pixels", "wavelet", "random-conv")


@OBJECTIVES.register("frechet", source="Yang et al. 2026, arXiv:2604.28190")
@dataclass(frozen=True)
class Frechet(Objective, ReadsMemory, GeneratorTerm, MayReplaceLoss):
    """The generator minimises the Fréchet distance to the real images in a feature space without training; nobody plays against it.

    FD(fake, real) of a running population of fakes: their mean and E[xxᵀ] are moving averages over about ``population`` images, and the
    gradient flows through the batch's share of them (`core.numerics.frechet_loss`). The real images' moments are those of the first
    ``reference`` ones seen.

    Options: ``space``: pixels, wavelet (log, 2 × 2 cells) or random-conv, the extractors of these names; ``size``, ``channels``: of the
    images; ``level``: of wavelet; ``dim``, ``seed``: of random-conv; ``population``, ``reference``: images.

    When to use it: to make an adversary of a metric (lab goodhart). It reaches real images' own distance in its space, and its images are
    nonsense wherever that space does not look. The discriminator is stepped and not used; give a small network.

    Raises: ConfigError for options out of range; ShapeError for images of another size.
    Convention: moments divide by n, and means of no steps are divided out. Source: Yang et al. 2026, arXiv:2604.28190.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True, needs_real=False, needs_images=True)
    space: str = "pixels"
    size: int = 16
    channels: int = 1
    level: int = 3
    dim: int = 64
    seed: int = 0
    population: int = 5_000
    reference: int = 10_000

    def __post_init__(self) -> None:
        if self.space not in SPACES or self.size not in (8, 16, 32, 64) or self.channels not in (1, 3):
            raise ConfigError(
                f"objective 'frechet': expected space {', '.join(SPACES)}, size 8, 16, 32 or 64 and channels 1 or 3; got "
                f"{self.space!r}, {self.size} and {self.channels}"
            )
        if not 1 <= self.level <= 5 or self.size % 2 ** (self.level + 1):
            raise ConfigError(
                f"objective 'frechet': expected a size that is a multiple of 2^(level + 1); got level {self.level}"
            )
        if min(self.population, self.reference) < 2 or self.dim < 2 or self.seed < 0:
            raise ConfigError(
                "objective 'frechet': expected population, reference and dim ≥ 2 and seed ≥ 0; got "
                f"{self.population}, {self.reference}, {self.dim} and {self.seed}"
            )

    @property
    def adversarial(self) -> bool:
        """Return False: the distance takes the place of the game's loss."""
        return False

    @property
    def _dim(self) -> int:
        """Return the dimension of the space."""
        if self.space == "random-conv":
            return self.dim
        return int(self.channels * (self.size**2 if self.space == "pixels" else 4 ** (self.level + 1)))

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> Memory:
        """Return moments of both sides, the factor of the real covariance, and counts, all 0."""
        d = self._dim
        made = {f"{side}_mean": torch.zeros(d, dtype=torch.float64) for side in ("real", "fake")}
        made |= {f"{side}_square": torch.zeros(d, d, dtype=torch.float64) for side in ("real", "fake")}
        counts = {name: torch.zeros((), dtype=torch.float64) for name in ("real_n", "fake_weight")}
        return {**made, **counts, "root": torch.zeros(d, d, dtype=torch.float64)}

    def at(self, memory: Memory) -> "Matching":
        """Return the objective with its population."""
        return Matching(self, memory)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return 0: there is no adversary."""
        return 0 * (real_logits + fake_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return 0: the term is the loss."""
        return 0 * fake_logits

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return the distance of the batch alone, without a population before it."""
        return self.at(self.memory(nn.Identity(), nn.Identity())).generator_term(real, fake, step)


@dataclass(frozen=True)
class Matching(Objective, GeneratorTerm):
    """The objective at its present population."""

    capabilities: ClassVar[Capabilities] = Frechet.capabilities
    settings: Frechet
    moments: Memory = field(repr=False)

    @cached_property
    def _network(self) -> nn.Module:
        """Return random-conv's network."""
        settings = self.settings
        return random_network(settings.size, settings.channels, settings.dim, settings.seed)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return 0."""
        return self.settings.discriminator_loss(real_logits, fake_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return 0."""
        return self.settings.generator_loss(real_logits, fake_logits)

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return the distance of the population with this batch; the population moves on."""
        own = self.moments
        if own["real_n"] < self.settings.reference:
            self._learn(self._features(step.real.detach()))
        rows = self._features(step.fake)
        share = self._move(rows.detach().double())
        sides = [Normal(own[f"{side}_mean"], _centred(own, side)) for side in ("fake", "real")]
        return frechet_loss(rows, sides[0], sides[1], own["root"], share)

    def _learn(self, rows: Float[Tensor, "b d"]) -> None:
        """Add real rows to their moments; take the factor of their covariance anew."""
        own, n = self.moments, self.moments["real_n"] + len(rows)
        _blend(own, "real", rows.double(), float(len(rows) / n))
        own["real_n"].copy_(n)
        own["root"].copy_(factor(_centred(own, "real")))

    def _move(self, rows: Float[Tensor, "b d"]) -> float:
        """Move the population towards a batch; return the batch's share of it."""
        step = min(1.0, len(rows) / self.settings.population)
        weight = self.moments["fake_weight"] * (1 - step) + step
        share = float(step / weight)
        self.moments["fake_weight"].copy_(weight)
        _blend(self.moments, "fake", rows, share)
        return share

    def _features(self, images: Float[Tensor, "b c s s"]) -> Float[Tensor, "b d"]:
        """Return the features of images in [−1, 1]."""
        settings = self.settings
        if images.shape[1:] != (settings.channels, settings.size, settings.size):
            raise ShapeError(
                f"objective 'frechet' looks at {settings.size}×{settings.size} pixels with {counted(settings.channels, 'channel')}, and the images are "
                f"{images.shape[3]}×{images.shape[2]} with {images.shape[1]}; write frechet[size={images.shape[2]},channels={images.shape[1]}]"
            )
        if settings.space == "random-conv":
            network: nn.Module = self._network.to(images.device)
            return network(images)
        unit = (images + 1) / 2
        return unit.flatten(1) if settings.space == "pixels" else log_packets(unit, settings.level, 2)


def _blend(own: Memory, side: str, rows: Float[Tensor, "b d"], share: float) -> None:
    """Set a side's moments to (1 − share) of themselves and ``share`` of the rows' own."""
    own[f"{side}_mean"].mul_(1 - share).add_(share * rows.mean(0))
    own[f"{side}_square"].mul_(1 - share).addmm_(rows.T, rows, alpha=share / len(rows))


def _centred(own: Memory, side: str) -> Float[Tensor, "d d"]:
    return own[f"{side}_square"] - torch.outer(own[f"{side}_mean"], own[f"{side}_mean"])
