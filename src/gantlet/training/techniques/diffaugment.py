"""DiffAugment: the discriminator sees real and fake images only after the same kind of random, differentiable change."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import Augments
from gantlet.core.rng import for_rows
from gantlet.training.techniques import TECHNIQUES

Images = Float[Tensor, "b c h w"]


@TECHNIQUES.register("diffaugment", source="Zhao et al. 2020, arXiv:2006.10738, §3 and Eq. 4–5")
@dataclass(frozen=True)
class DiffAugment(Augments):
    """Real and fake images reach the discriminator only after random, differentiable changes, in the steps of both players.

    D(T(x)), D(T(G(z))), T drawn anew for each image. Option: ``policy``, joined by +: ``color`` (brightness + U[−½, ½),
    saturation · U[0, 2), contrast · U[½, 1½), in this order), ``translation`` (up to ⅛ of the side, zeros beyond the
    edge), ``cutout`` (a square of half the side set to zero, cut off at the edges).

    When to use it: with few training images (hundreds to some thousands); with many it costs quality.

    Raises: ConfigError for an unknown or empty policy.
    Convention: images in [−1, 1] and not clamped afterwards; gradient penalties act on D∘T by the unchanged image.
    Source: Zhao et al. 2020, arXiv:2006.10738, §3 and Eq. 4–5.
    """

    policy: str = "color+translation+cutout"

    def __post_init__(self) -> None:
        unknown = [name for name in self.policy.split("+") if name not in CHANGES]
        if unknown:
            raise ConfigError(
                f"technique 'diffaugment': expected a policy of {', '.join(CHANGES)} joined by +; got {self.policy!r}"
            )

    def augment(self, images: Images, stream: torch.Generator) -> Images:
        """Return T(images)."""
        for name in self.policy.split("+"):
            images = CHANGES[name](images, stream)
        return images


def _uniform(images: Images, low: float, high: float, stream: torch.Generator) -> Float[Tensor, "b 1 1 1"]:
    drawn = for_rows(
        len(images), lambda n: torch.rand(n, 1, 1, 1, generator=stream, dtype=images.dtype, device=stream.device)
    )
    return (low + (high - low) * drawn).to(images.device)


def _whole(images: Images, low: int, high: int, stream: torch.Generator) -> Tensor:
    drawn = for_rows(
        len(images), lambda n: torch.randint(low, high + 1, (n, 2), generator=stream, device=stream.device)
    )
    return drawn.T.to(images.device)


def color(images: Images, stream: torch.Generator) -> Images:
    """Return images of other brightness, saturation (about each pixel's gray) and contrast (about each image's mean)."""
    images = images + _uniform(images, -0.5, 0.5, stream)
    gray = images.mean(1, keepdim=True)
    images = gray + (images - gray) * _uniform(images, 0.0, 2.0, stream)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * _uniform(images, 0.5, 1.5, stream)


def translation(images: Images, stream: torch.Generator) -> Images:
    """Return images moved by up to ⅛ of each side, rounded to whole pixels; zeros come in."""
    _, _, height, width = images.shape
    most = int(height / 8 + 0.5)
    down, right = _whole(images, -most, most, stream)
    rows = torch.arange(height, device=images.device) + most + down[:, None]
    columns = torch.arange(width, device=images.device) + most + right[:, None]
    wide = pad(images, (most,) * 4).permute(0, 2, 3, 1)
    one = torch.arange(len(images), device=images.device)[:, None, None]
    return wide[one, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cutout(images: Images, stream: torch.Generator) -> Images:
    """Return images with a square of half the side, its centre anywhere in the image, set to zero."""
    _, _, height, width = images.shape
    side = int(height / 2 + 0.5)
    top, left = _whole(images, 0, height - side % 2, stream) - side // 2
    rows = torch.arange(height, device=images.device) - top[:, None]
    columns = torch.arange(width, device=images.device) - left[:, None]
    inside = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None, :]
    return torch.where(inside[:, None], torch.zeros_like(images), images)


CHANGES: dict[str, Callable[[Images, torch.Generator], Images]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}
