"""Balanced consistency regularisation: the discriminator says of an image what it says of the image slightly changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import Augments, DiscriminatorTerm, Refuses
from gantlet.core.interfaces.modules import DiscriminatorOutput, module_capabilities
from gantlet.core.interfaces.step import TermContext
from gantlet.core.rng import for_rows
from gantlet.training.techniques import TECHNIQUES


@TECHNIQUES.register("bcr", source="Zhao et al. 2020, arXiv:2002.04724, §2.1 and Algorithm 1")
@dataclass(frozen=True)
class BalancedConsistency(DiscriminatorTerm, Refuses):
    """The discriminator's logits must not change when an image is mirrored and moved a little, real or fake.

    Discriminator: + λ_real·E[(D(x) − D(T(x)))²] + λ_fake·E[(D(G(z)) − D(T(G(z))))²]; T mirrors with probability ½ and moves
    by up to ``shift`` pixels along each axis. Options: ``real`` λ_real, ``fake`` λ_fake, ``shift``, ``mirror``.

    When to use it: to steady the discriminator on images whose mirror image and small moves are as good; not on digits with
    mirror=true. A discriminator step costs two more passes.

    Raises: ConfigError for negative weights, both 0, or shift < 0; with points, an augmentation, and veegan.
    Convention: λ = 10 on both sides and 4 pixels, as in the paper; what a move brings in mirrors the edge's pixels; T is
    drawn for each row anew, a pack or a pair's input and image moving together.
    Source: Zhao et al. 2020, arXiv:2002.04724, §2.1 and Algorithm 1.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(needs_images=True)
    real: float = 10.0
    fake: float = 10.0
    shift: int = 4
    mirror: bool = True

    def __post_init__(self) -> None:
        if not all(0 <= weight < float("inf") for weight in (self.real, self.fake)) or self.real + self.fake == 0:
            raise ConfigError(f"technique 'bcr': expected real, fake ≥ 0 and one > 0; got {self.real}, {self.fake}")
        if self.shift < 0:
            raise ConfigError(f"technique 'bcr': expected shift ≥ 0 pixels; got {self.shift}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with an augmentation, or a discriminator that scores latents too."""
        if augmenting := [name for name, part in others.items() if isinstance(part, Augments)]:
            return f"it compares unchanged images with changed ones, and {augmenting[0]} changes all; leave one of them out"
        if module_capabilities(discriminator).sees_latents:
            return "it compares images alone, and this discriminator scores them with their latents; leave it out"
        return None

    def discriminator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return the weighted mean squared changes of the logits, ≥ 0."""
        total = torch.zeros_like(real.logits.mean())
        for weight, output, images in ((self.real, real, step.real), (self.fake, fake, step.fake)):
            if weight:
                changed = step.score(moved(images.detach(), self.shift, self.mirror, step.stream), step.labels)
                total = total + weight * (output.logits - changed.logits).square().mean()
        return total


def moved(
    images: Float[Tensor, "b c h w"], shift: int, mirror: bool, stream: torch.Generator
) -> Float[Tensor, "b c h w"]:
    """Return images mirrored with probability ½ (where ``mirror``) and moved by U{−shift, …, shift} pixels per axis."""
    _, _, height, width = images.shape
    most = min(shift, height - 1, width - 1)  # farther than that there is nothing to mirror
    drawn = for_rows(
        len(images), lambda n: torch.randint(0, 2 * most + 1, (n, 2), generator=stream, device=stream.device)
    ).to(images.device)
    flips = for_rows(len(images), lambda n: torch.randint(0, 2, (n, 1), generator=stream, device=stream.device))
    rows = torch.arange(height, device=images.device) + drawn[:, :1]
    columns = torch.arange(width, device=images.device).expand(len(images), -1)
    if mirror:
        columns = torch.where(flips.to(images.device).bool(), columns.flip(1), columns)
    columns = columns + drawn[:, 1:]
    wide = pad(images, (most,) * 4, mode="reflect").permute(0, 2, 3, 1)
    one = torch.arange(len(images), device=images.device)[:, None, None]
    return wide[one, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
