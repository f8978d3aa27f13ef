"""PSNR: the peak signal-to-noise ratio of each generated image and the real one that it is meant to reproduce."""

import numpy as np
from jaxtyping import UInt8

from gantlet.core.errors import ShapeError, TooFewSamples
from gantlet.core.words import agreeing, counted, every
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence, of_pairs
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows, Undefined
from gantlet.evaluation.metrics import METRICS

PEAK = 255.0


def psnr(real: UInt8[np.ndarray, "h w c"], fake: UInt8[np.ndarray, "h2 w2 c2"]) -> float:
    """Return 10 log₁₀(255²/MSE) of two images in decibels; infinite for equal ones. Raises ShapeError."""
    if real.shape != fake.shape:
        raise ShapeError(f"psnr needs two images of one shape; got {real.shape} and {fake.shape}")
    error = float(np.square(real.astype(np.float64) - fake).mean())
    return 10 * float(np.log10(PEAK**2 / error)) if error > 0 else float("inf")


def influence(evidence: Evidence) -> Influence:
    """Return the value of each pair, at its real image."""
    assert evidence.pairs is not None
    return of_pairs(evidence.of_pairs(psnr), evidence.pairs, evidence.real.n)


@METRICS.register(
    "psnr",
    source="Huynh-Thu & Ghanbari 2008, Electronics Letters 44(13)",
    needs=("images", "pairs"),
    unit="decibels",
    any_n=True,
    lower_is_better=False,
    version=1,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Peak signal-to-noise ratio of generated images and the real ones that they reproduce, mean over the pairs.

    PSNR = 10 log₁₀(255²/MSE) of each pair, then the mean; pairs are images of equal name on both sides, or declared
    (``--pairs order``). Convention: the mean of the pairs' ratios, not the ratio of the mean error. Equal images have
    no finite ratio: they are counted in ``details`` and left out of the mean, and a note says so.

    Interval: delta: the spread over pairs.

    When it lies: it is the mean squared error in another unit: it prefers blur to a sharp image one pixel off. It says
    nothing of images that have no one right answer, so never use it on samples.

    Source: the usual definition; its reach: Huynh-Thu & Ghanbari 2008, Electronics Letters 44(13).
    """
    try:
        values = evidence.of_pairs(psnr)
    except ShapeError as error:
        raise Undefined(str(error)) from error
    finite = values[np.isfinite(values)]
    equal = len(values) - len(finite)
    if len(values) >= 2 and not len(finite):
        raise Undefined(f"{every(equal, 'pair', 'are')} equal: the ratio is infinite")
    if len(finite) < 2:
        raise TooFewSamples(f"the interval of psnr needs 2 pairs that differ; got {len(finite)}")
    low, high = normal(float(finite.mean()), float(finite.var(ddof=1) / len(finite)), evidence.level)
    notes = (
        (f"{counted(equal, 'pair', 'are')} equal (infinite ratio) and {agreeing(equal, 'were')} left out",)
        if equal
        else ()
    )
    details = {"pairs": len(values), "equal": equal}
    return Measurement(
        float(finite.mean()), ("delta", low, high), Rows(len(finite), len(finite)), details=details, notes=notes
    )
