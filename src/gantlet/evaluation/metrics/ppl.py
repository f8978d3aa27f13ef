"""Perceptual path length: how far the features move along a short step in the generator's latent space."""

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import TooFewSamples
from gantlet.core.numerics.latents import slerp
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import quantile
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.latent import LatentSpace

PATHS = 2000
EPSILON = 1e-4
TRIM = 0.01


def path_lengths(space: LatentSpace, paths: int, rng: np.random.Generator) -> Float64[np.ndarray, " n"]:
    """Return |f(G(slerp(a, b; t))) − f(G(slerp(a, b; t + ε)))|²/ε² of random pairs a, b ~ N(0, I) and t ~ U(0, 1).

    ε = 1e-4; of a conditional generator both ends get one class, drawn at the training images' frequencies.
    """
    a, b = rng.standard_normal((2, paths, space.dim))
    t, labels = rng.uniform(size=paths), None
    if space.class_counts:
        shares = np.asarray(space.class_counts, np.float64)
        labels = rng.choice(len(shares), size=paths, p=shares / shares.sum()).astype(np.int64)
    ends = [space.features(slerp(a, b, at).astype(np.float32), labels) for at in (t, t + EPSILON)]
    return np.square(ends[0].astype(np.float64) - ends[1]).sum(axis=1) / EPSILON**2


def trimmed_mean(values: Float64[np.ndarray, " n"], trim: float = TRIM) -> tuple[float, float]:
    """Return the mean without the lowest and highest ``trim`` of the values, and its variance by Winsorised values.

    Source: Tukey & McLaughlin 1963, Sankhyā A 25.
    """
    ordered = np.sort(values)
    cut = int(trim * len(ordered))
    kept = ordered[cut : len(ordered) - cut]
    winsorised = np.concatenate([np.full(cut, kept[0]), kept, np.full(cut, kept[-1])])
    return float(kept.mean()), float(winsorised.var(ddof=1) / (len(ordered) * (1 - 2 * cut / len(ordered)) ** 2))


@METRICS.register(
    "ppl",
    source="Karras, Laine & Aila 2019, arXiv:1812.04948",
    needs=("generator",),
    unit="squared feature units a unit of the path",
    any_n=True,
    lower_is_better=True,
    version=1,
    estimand="fresh paths, given the generator",
    unpaired="it is measured on the generator's paths, not on rows that both sides share",
)
def estimate(evidence: Evidence) -> Measurement:
    """Perceptual path length in the latent space Z: how abruptly the images change along a path between two latents.

    PPL = E |f(G(slerp(a, b; t))) − f(G(slerp(a, b; t + ε)))|²/ε², ε = 1e-4, 2,000 paths, mean without the lowest and
    the highest 1 %. f are the features of this report (StyleGAN's were LPIPS), from images that were never rounded
    to 8 bits: with ε this small, rounding would be all that is measured. Full paths (t ~ U(0, 1)).

    Interval: delta: the Winsorised variance of the trimmed mean.

    When it lies: a generator that ignores z scores a perfect 0, so read it with recall or coverage. The unit is that
    of the feature space, so it compares generators in one space only, and none of it with StyleGAN's tables.

    Source: Karras, Laine & Aila 2019, arXiv:1812.04948, Sec. 4.1 (paths in Z are spherical there too); trimming as in
    StyleGAN's program.
    """
    space = evidence.latents
    assert space is not None
    if space.dim < 2:
        raise TooFewSamples(f"spherical paths need 2 latent dimensions or more; got {space.dim}")
    value, variance = trimmed_mean(path_lengths(space, PATHS, numpy_stream(evidence.seed, "paths")))
    half = quantile(evidence.level) * variance**0.5
    details = {
        "paths": PATHS,
        "epsilon": EPSILON,
        "interpolation": "slerp in Z, lengths kept",
        "t": "uniform in [0, 1]",
    }
    return Measurement(value, ("delta", max(0.0, value - half), value + half), Rows(0, PATHS), details=details)
