"""SSIM: the structural similarity of each generated image and the real one that it is meant to reproduce."""

import numpy as np
import torch
from jaxtyping import UInt8

from gantlet.core.errors import ShapeError, TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence, of_pairs
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.structure import WINDOW, Local, likeness


def ssim(real: UInt8[np.ndarray, "h w c"], fake: UInt8[np.ndarray, "h2 w2 c2"]) -> float:
    """Return the mean structural similarity of two images over channels and pixels, in [−1, 1].

    Gaussian windows of 11×11 pixels, σ = 1.5, that lie inside the image; covariances with divisor n.
    Raises: ShapeError (different shapes, or a side below 11 pixels). Source: Wang et al. 2004, Eq. 13.
    """
    if real.shape != fake.shape or min(real.shape[:2]) < WINDOW:
        raise ShapeError(f"ssim needs two images of one shape, 11×11 or more; got {real.shape} and {fake.shape}")
    sides = (Local.of(torch.from_numpy(image.astype(np.float64)).permute(2, 0, 1)) for image in (real, fake))
    return float(likeness(*sides)[0].mean())


def influence(evidence: Evidence) -> Influence:
    """Return the value of each pair, at its real image."""
    assert evidence.pairs is not None
    return of_pairs(evidence.of_pairs(ssim), evidence.pairs, evidence.real.n)


@METRICS.register(
    "ssim",
    source="Wang et al. 2004, IEEE Trans. Image Processing 13(4)",
    needs=("images", "pairs"),
    unit="similarity in [−1, 1]",
    any_n=True,
    lower_is_better=False,
    version=1,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Structural similarity of generated images and the real ones that they reproduce, mean over the pairs.

    SSIM = mean over 11×11 Gaussian windows of (2μ_xμ_y + C₁)(2σ_xy + C₂)/((μ_x² + μ_y² + C₁)(σ_x² + σ_y² + C₂)), values
    0..255, channels averaged. For reconstruction and translation: pairs are images of equal name on both sides, or
    declared (``--pairs order``).

    Interval: delta: the spread over pairs.

    When it lies: a shift by one pixel ruins it and a blur does not; it says nothing of images that have no one right
    answer, so never use it on samples. Where names agree by accident the number is meaningless.

    Source: Wang et al. 2004, IEEE Trans. Image Processing 13(4), Eq. 13; conventions of scikit-image with
    gaussian_weights and without sample covariance.
    """
    try:
        values = evidence.of_pairs(ssim)
    except ShapeError as error:
        raise Undefined(str(error)) from error
    if len(values) < 2:
        raise TooFewSamples(f"the interval of ssim needs 2 pairs; got {len(values)}")
    low, high = normal(float(values.mean()), float(values.var(ddof=1) / len(values)), evidence.level)
    return Measurement(
        float(values.mean()), ("delta", low, high), Rows(len(values), len(values)), details={"pairs": len(values)}
    )
