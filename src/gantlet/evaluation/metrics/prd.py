"""Precision and recall for distributions: the whole trade-off curve from histograms over shared clusters."""

import numpy as np
from jaxtyping import Float64, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.clusters import clusters

CLUSTERS = 20
ANGLES = 1001
REPLICATES = 1000
SHOWN = 51


def prd(
    real: Float64[np.ndarray, "... k"], fake: Float64[np.ndarray, "... k"], angles: int = ANGLES
) -> tuple[Float64[np.ndarray, "... a"], Float64[np.ndarray, "... a"]]:
    """Return precision α(λ) = Σ min(λ p, q) and recall β(λ) = α(λ)/λ for λ = tan of angles inside (0, π/2).

    Args: real p, fake q: shares of k clusters, each summing to 1 (leading axes are batches). Returns: in [0, 1].
    Source: Sajjadi et al. 2018, arXiv:1806.00035, Eq. 1–2 and Alg. 1.
    """
    slope = np.tan(np.linspace(1e-6, np.pi / 2 - 1e-6, angles))
    precision = np.stack([np.minimum(s * real, fake).sum(axis=-1) for s in slope], axis=-1)
    return precision, precision / slope


def f_beta(
    precision: Float64[np.ndarray, "... a"], recall: Float64[np.ndarray, "... a"], beta: float
) -> Float64[np.ndarray, "..."]:
    """Return the largest F_β = (1 + β²)·α·r/(β²α + r) along a curve; β > 1 weighs recall, in [0, 1].

    Source: Sajjadi et al. 2018, arXiv:1806.00035, Sec. 4.1.
    """
    below = beta**2 * precision + recall
    scores = (1 + beta**2) * precision * recall
    return np.asarray(np.divide(scores, below, out=np.zeros_like(below), where=below > 0).max(axis=-1))


def _shares(cells: Int64[np.ndarray, " n"]) -> Float64[np.ndarray, " k"]:
    return np.bincount(cells, minlength=CLUSTERS) / len(cells)


@METRICS.register(
    "prd",
    source="Sajjadi et al. 2018, arXiv:1806.00035",
    needs=("features",),
    unit="best F₁ of precision and recall",
    lower_is_better=False,
    version=1,
    unpaired="its clusters are drawn anew for each side",
)
def estimate(evidence: Evidence) -> Measurement:
    """Precision and recall for distributions: the best balance on the curve of what is right and what is covered.

    Value: F₁, the largest harmonic mean on the curve α(λ) = Σ min(λ p, q), β(λ) = α(λ)/λ, where p, q are the shares of
    real and fake images in 20 k-means clusters of both together. ``details``: ``f8`` (recall counts more), ``f1_8``
    (precision counts more), the curve at 51 angles, and the shares.

    Interval: bootstrap over the images of both sides (1,000 resamples, percentile) with the clusters fixed; resampled
    shares are noisier than the shares themselves, so it reaches down rather than up.

    When it lies: within a cluster everything is equal: a mode's collapse to one image is not seen. The clusters are
    random and twenty of them are few. Unequal sizes let the larger side shape the clusters.

    Source: Sajjadi et al. 2018, arXiv:1806.00035, Eq. 1–2; here one start of k-means on at most 4,000 images, where
    the authors average ten mini-batch runs.
    """
    real, fake, notes = evidence.sample(evidence.real.n + evidence.fake.n)
    least = min(real.n, fake.n)
    if least < 2:
        raise TooFewSamples(f"prd needs 2 samples per side; got real={real.n}, fake={fake.n}. Give more images")
    mixed = np.stack([real.features[:least], fake.features[:least]], axis=1).reshape(2 * least, real.dim)
    rng = numpy_stream(evidence.seed, "prd")
    sides = clusters(mixed, (real.features, fake.features), CLUSTERS, rng)
    p, q = (_shares(side) for side in sides)
    precision, recall = prd(p, q)
    value = float(f_beta(precision, recall, 1.0))
    drawn = [rng.multinomial(bank.n, share, REPLICATES) / bank.n for bank, share in ((real, p), (fake, q))]
    scores = f_beta(*prd(drawn[0], drawn[1], 101), 1.0)
    low, high = (float(x) for x in np.quantile(scores, [0.5 - evidence.level / 2, 0.5 + evidence.level / 2]))
    shown = np.linspace(0, ANGLES - 1, SHOWN).astype(int)
    details = {
        "f8": float(f_beta(precision, recall, 8.0)),
        "f1_8": float(f_beta(precision, recall, 1 / 8)),
        "precision": precision[shown].tolist(),
        "recall": recall[shown].tolist(),
        "real_shares": p.tolist(),
        "fake_shares": q.tolist(),
    }
    return Measurement(
        value, ("bootstrap", min(low, value), max(high, value)), Rows(real.n, fake.n), details=details, notes=notes
    )
