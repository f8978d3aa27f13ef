"""Precision and recall for distributions: the whole trade-off curve from histograms over shared clusters."""

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import TooFewSamples
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.measurement import NO_BOUNDS, Bounds, Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.clusters import FITTED, clusters
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.subsets import mean_interval, subsets

CLUSTERS = 20
ANGLES = 1001
HALVES = 9
"""Nine fits to half of the rows cost 4.5 times the one to all."""
HALF_ANGLES = 201
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


def _shares(
    real: FeatureBank, fake: FeatureBank, fitted: int, rng: np.random.Generator
) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    """Return the shares of both sides in clusters of at most ``fitted`` rows, taken from both in turn."""
    least = min(real.n, fake.n)
    mixed = np.stack([real.features[:least], fake.features[:least]], axis=1).reshape(2 * least, real.dim)
    p, q = (
        np.bincount(side, minlength=CLUSTERS) / len(side)
        for side in clusters(mixed[:fitted], (real.features, fake.features), CLUSTERS, rng)
    )
    return p, q


def _interval(evidence: Evidence, value: float, rng: np.random.Generator) -> Bounds:
    """Return Student's interval from halves of both sides; raises TooFewSamples where a half has too few different rows."""
    halves = subsets(evidence, HALVES, 0.5)
    scores = [f_beta(*prd(*_shares(*half, FITTED // 2, rng), HALF_ANGLES), 1.0) for half in halves]
    low, high = mean_interval(value, float(np.var(scores, ddof=1)), evidence.level, HALVES)
    return "subsampling", low, min(1.0, high)


@METRICS.register(
    "prd",
    source="Sajjadi et al. 2018, arXiv:1806.00035",
    needs=("features",),
    unit="best F₁ of precision and recall",
    lower_is_better=False,
    margin=0.1,
    beyond="copies of real images do that",
    version=2,
    unpaired="its clusters are drawn anew for each side",
)
def estimate(evidence: Evidence) -> Measurement:
    """Precision and recall for distributions: the best balance on the curve of what is right and what is covered.

    Value: F₁, the largest harmonic mean on the curve α(λ) = Σ min(λ p, q), β(λ) = α(λ)/λ, where p, q are the shares of
    real and fake images in 20 k-means clusters of both together. ``details``: ``f8`` (recall counts more), ``f1_8``
    (precision counts more), the curve at 51 angles, and the shares.

    Interval: Student's, for the mean over fresh draws of both sides and fresh clusters: F₁ of 9 random halves of both,
    each with clusters of its own. The variance between halves estimates that over fresh draws (see `subsets`) and
    holds the chance of the clusters once, which does not shrink with n.

    When it lies: within a cluster everything is equal: a mode's collapse to one image is not seen. The clusters are
    random and twenty of them are few. Unequal sizes let the larger side shape the clusters.

    Source: Sajjadi et al. 2018, arXiv:1806.00035, Eq. 1–2; here one start of k-means on at most 4,000 images, where
    the authors average ten mini-batch runs.
    """
    real, fake, notes = evidence.sample(evidence.real.n + evidence.fake.n)
    if min(real.n, fake.n) < 2:
        raise TooFewSamples(f"prd needs 2 samples per side; got real={real.n}, fake={fake.n}. Give more images")
    rng = numpy_stream(evidence.seed, "prd")
    p, q = _shares(real, fake, FITTED, rng)
    precision, recall = prd(p, q)
    value = float(f_beta(precision, recall, 1.0))
    interval = NO_BOUNDS
    try:
        interval = _interval(evidence, value, rng)
    except TooFewSamples as error:
        notes += (f"no interval: in a half of the rows, {error}",)
    shown = np.linspace(0, ANGLES - 1, SHOWN).astype(int)
    details = {
        "f8": float(f_beta(precision, recall, 8.0)),
        "f1_8": float(f_beta(precision, recall, 1 / 8)),
        "precision": precision[shown].tolist(),
        "recall": recall[shown].tolist(),
        "real_shares": p.tolist(),
        "fake_shares": q.tolist(),
    }
    return Measurement(value, interval, Rows(real.n, fake.n), details=details, notes=notes)
