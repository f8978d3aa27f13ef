"""MS-SSIM between generated images: collapse shows as pairs that look alike."""

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor
from torch.nn import functional

from gantlet.core.errors import ShapeError, TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.structure import Local, likeness

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
BATCH = 64
BATCHES = 5
LEAST = 16


def ms_ssim(images: Float[Tensor, "n c h w"]) -> Float64[np.ndarray, "n n"]:
    """Return the multi-scale structural similarity of all pairs of images with values 0..255; 1 on the diagonal.

    Π_{j<5} mean(c·s)_j^{w_j} · mean(l·c·s)_5^{w_5}, each scale half the one before (2×2 means; an odd last row or column
    is dropped), means over channels and pixels; a negative mean counts as 0.
    Raises: ShapeError (a side below 16 pixels). Source: Wang et al. 2003, "Multi-scale structural similarity", Eq. 7.
    """
    n, side = len(images), min(images.shape[-2:])
    if side < LEAST:
        raise ShapeError(f"MS-SSIM halves images four times: it needs {LEAST} pixels per side or more; got {side}")
    result = torch.ones(n, n, dtype=images.dtype)
    for scale, weight in enumerate(WEIGHTS):
        images = images if scale == 0 else functional.avg_pool2d(images, 2)
        local = Local.of(images)
        for i in range(n - 1):
            whole, contrast = likeness(local[i], local[i + 1 :])
            part = whole if scale == len(WEIGHTS) - 1 else contrast
            factor = part.mean(dim=(1, 2, 3)).clamp(min=0.0) ** weight
            result[i, i + 1 :] *= factor
            result[i + 1 :, i] *= factor
    return result.double().numpy()


def mean_likeness(bank: FeatureBank) -> Float64[np.ndarray, " n"]:
    """Return for each image its mean MS-SSIM with the others of its batch of 64, batches in the order of the rows.

    A rest of one image joins the batch before. Raises: ShapeError (several shapes, too small).
    """
    assert bank.images is not None
    shapes = {image.shape for image in bank.images}
    if len(shapes) > 1:
        raise ShapeError(f"MS-SSIM compares images of one shape; got {', '.join(map(str, sorted(shapes)[:3]))}")
    starts = [start for start in range(0, bank.n, BATCH) if bank.n - start > 1]
    batches = []
    for start, stop in zip(starts, [*starts[1:], bank.n], strict=True):
        pixels = np.stack([bank.images[i] for i in range(start, stop)]).astype(np.float32)
        likenesses = ms_ssim(torch.from_numpy(pixels).permute(0, 3, 1, 2))
        batches.append((likenesses.sum(axis=1) - 1) / (stop - start - 1))
    return np.concatenate(batches)


@METRICS.register(
    "ms_ssim_diversity",
    source="Wang et al. 2003; Odena, Olah & Shlens 2017, arXiv:1610.09585",
    needs=("images",),
    unit="mean similarity of two fakes",
    any_n=True,
    lower_is_better=True,
    margin=0.1,
    beyond="images more unlike each other than real ones do that, be they good or bad",
    misled="it falls when images spread out, be they good or bad",
    version=1,
    unpaired="it is measured on random pairs inside one side",
)
def estimate(evidence: Evidence) -> Measurement:
    """Mean multi-scale structural similarity of two fake images: high where the generator repeats itself.

    Five batches of 64 random images, all pairs within a batch, a row never with itself. ``details.real``: the same for
    real images, the level to compare with. Convention: pairs without regard to class, 2×2 means between scales, and a
    window that shrinks below 11 pixels with the image (images below 176 pixels), as compare_gan computes it.

    Interval: delta, U-statistic: 4/n times the variance of an image's mean similarity to the others of its batch.

    When it lies: it sees layout, not content: centred digits of one class pass for collapse, noise for variety. It is
    meant within one class; on several classes everything is diverse. Lower than the real images' value is not better.

    Source: Wang et al. 2003, "Multi-scale structural similarity for image quality assessment"; as a measure of
    diversity: Odena, Olah & Shlens 2017, arXiv:1610.09585, Sec. 4.2.
    """
    real, fake, notes = evidence.sample(BATCH * BATCHES)
    if min(real.n, fake.n) < 2:
        raise TooFewSamples(f"a pair needs 2 images per side; got real={real.n}, fake={fake.n}")
    try:
        theirs, values = mean_likeness(real), mean_likeness(fake)
    except ShapeError as error:
        raise Undefined(str(error)) from error
    value = float(values.mean())
    low, high = normal(value, 4 * float(values.var(ddof=1)) / len(values), evidence.level)
    details = {"real": float(theirs.mean())}
    return Measurement(
        value, ("delta", max(0.0, low), min(1.0, high)), Rows(real.n, fake.n), details=details, notes=notes
    )
