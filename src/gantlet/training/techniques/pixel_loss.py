"""The distance, pixel by pixel, of a generated image from the one that belongs to its input."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import MayReplaceLoss, PairTerm
from gantlet.training.techniques import TECHNIQUES


@TECHNIQUES.register("pixel-loss", source="Isola et al. 2017, arXiv:1611.07004, Eq. 3 and 4")
@dataclass(frozen=True)
class PixelLoss(PairTerm, MayReplaceLoss):
    """The generator of pairs also lowers the distance of its image to the true one, pixel by pixel.

    Generator: + λ·mean |y − G(x, z)| (``norm=l1``) or + λ·mean (y − G(x, z))² (``l2``), over pixels, channels and batch.
    Options: ``weight`` λ; ``adversarial``: whether the objective's own loss stays beside it.

    When to use it: in pix2pix, for what every pixel can know; the adversary adds the rest. Alone
    (``adversarial=false``) it is plain regression, whose best answer to an open question is the mean: blur.

    Raises: ConfigError for weight ≤ 0 or another norm, and with data that are no pairs.
    Convention: images in [−1, 1] and the mean over pixels, on which the paper's λ = 100 rests. Where it stands alone the
    discriminator is still trained, and has no influence; its logits tell how easily the images give themselves away.
    Source: Isola et al. 2017, arXiv:1611.07004, Eq. 3 and 4; l2 as in Mathieu et al. 2016, arXiv:1511.05440, Eq. 2.
    """

    weight: float = 100.0
    norm: str = "l1"
    adversarial: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.weight < float("inf"):
            raise ConfigError(f"technique 'pixel-loss': expected weight > 0 and finite; got {self.weight}")
        if self.norm not in ("l1", "l2"):
            raise ConfigError(f"technique 'pixel-loss': expected norm l1 or l2; got {self.norm!r}")

    def pair_term(self, real: Float[Tensor, "b c s s"], fake: Float[Tensor, "b c s s"]) -> Float[Tensor, ""]:
        """Return λ times the mean distance, ≥ 0."""
        difference = real - fake
        return self.weight * (difference.abs() if self.norm == "l1" else difference.square()).mean()
