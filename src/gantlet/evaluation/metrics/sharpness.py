"""Sharpness: how much the brightness of an image changes from pixel to pixel, beside that of real images."""

import numpy as np
from jaxtyping import Float64, UInt8

from gantlet.core.errors import ShapeError, TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.images import ImageRows

CAP = 1000
LUMA = np.array([0.299, 0.587, 0.114])


def sharpness(image: UInt8[np.ndarray, "h w c"]) -> float:
    """Return the variance over inner pixels of the Laplacian of the brightness, values 0..255.

    Laplacian: the sum of the four neighbours less four times the pixel; brightness: ITU-R 601.
    Raises: ShapeError (a side below 3 pixels).
    """
    if min(image.shape[:2]) < 3:
        raise ShapeError(f"sharpness needs images of 3×3 pixels or more; got {image.shape[0]}×{image.shape[1]}")
    gray = image[:, :, 0].astype(np.float64) if image.shape[2] == 1 else image.astype(np.float64) @ LUMA
    around = gray[:-2, 1:-1] + gray[2:, 1:-1] + gray[1:-1, :-2] + gray[1:-1, 2:]
    return float((around - 4 * gray[1:-1, 1:-1]).var())


def of_images(images: ImageRows) -> Float64[np.ndarray, " n"]:
    """Return the sharpness of each image; raises ShapeError."""
    return np.array([sharpness(image) for image in images])


def influence(evidence: Evidence) -> Influence:
    """Return the influence of the distance |mean of fakes − mean of real| at every row: the sign of the difference times its sharpness."""
    real, fake, _ = evidence.sample(CAP)
    assert real.images is not None and fake.images is not None
    theirs, values = of_images(real.images), of_images(fake.images)
    sign = float(np.sign(values.mean() - theirs.mean()))
    return Influence(-sign * theirs, sign * values)


@METRICS.register(
    "sharpness",
    source="Tolstikhin et al. 2018, arXiv:1711.01558",
    needs=("images",),
    unit="variance of the Laplacian, gray levels²",
    any_n=True,
    lower_is_better=False,
    measures="mean variance of the Laplacian; real images are the aim",
    margin=0.1,
    beyond="noise and checkerboards do that",
    misled="noise and checkerboards raise it",
    version=1,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Sharpness: the variance of the Laplacian-filtered image, mean over the fakes; blurred images have less.

    Mean over x of Var(Δx), Δx the sum of the four neighbours less four times the pixel, on brightness 0..255; at most
    1,000 random images per side (seeded). ``details``: the real images' mean and the ratio to it.

    Interval: delta: the spread over the fake images.

    When it lies: noise and checkerboards are sharper than any photo, so more is better only up to the real images'
    value: read the ratio. It depends on the size of the images and sees no content at all.

    Source: Tolstikhin et al. 2018, arXiv:1711.01558, Sec. 4 (sharpness by the Laplace filter, as there).
    """
    real, fake, notes = evidence.sample(CAP)
    assert real.images is not None and fake.images is not None
    if fake.n < 2:
        raise TooFewSamples(f"the interval of sharpness needs 2 fake images; got {fake.n}")
    try:
        theirs, values = of_images(real.images), of_images(fake.images)
    except ShapeError as error:
        raise Undefined(str(error)) from error
    value, usual = float(values.mean()), float(theirs.mean())
    low, high = normal(value, float(values.var(ddof=1) / len(values)), evidence.level)
    details = {"real": usual, "aim": usual, **({"ratio": value / usual} if usual > 0 else {})}
    return Measurement(value, ("delta", max(0.0, low), high), Rows(real.n, fake.n), details=details, notes=notes)
