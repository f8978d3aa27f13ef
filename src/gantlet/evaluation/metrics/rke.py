"""RKE: the effective number of modes, by the Rényi entropy of order 2 of a kernel matrix."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.feature_bank import FeatureBank

CAP = 4000
SIGMA = 0.5


def squared_distances(
    left: Float32[np.ndarray, "n d"], right: Float32[np.ndarray, "m d"]
) -> Float64[np.ndarray, "n m"]:
    """Return |x − y|² of all pairs in float64, about the left side's mean; rounding below 0 counts as 0."""
    centre = left.mean(axis=0, dtype=np.float64)
    x, y = left - centre, right - centre
    squared = np.square(x).sum(1)[:, None] + np.square(y).sum(1) - 2 * x @ y.T
    return np.maximum(squared, 0.0)


def width(real: FeatureBank, sigma: float) -> float:
    """Return the squared kernel width: sigma² times the mean squared distance of two real images, 2 tr S."""
    return sigma**2 * 2 * real.moments.total_variance


@dataclass(frozen=True, eq=False)
class Entropy:
    """−log ‖K/n‖²_F of one side, and its influence at every row of that side and, by the kernel's width, of the real side."""

    value: float
    own: Float64[np.ndarray, " n"]
    slope: float
    """Its derivative in the logarithm of the squared width."""


def log_rke(features: Float32[np.ndarray, "n d"], squared_width: float) -> Entropy:
    """Return log RKE = −log (1/n²) Σ k(x_i, x_j)², k = exp(−|x − y|²/(2σ²)); in [0, log n].

    Influence of a row: −2 (mean_j k(x, x_j)² − S)/S, S the sum's value.
    """
    n, total, pulled = len(features), np.empty(len(features)), 0.0
    for start in range(0, n, 1024):
        squared = squared_distances(features[start : start + 1024], features) / squared_width
        kernel = np.exp(-squared)
        total[start : start + 1024] = kernel.mean(axis=1)
        pulled += float((squared * kernel).sum()) / n**2
    mean = float(total.mean())
    return Entropy(-float(np.log(mean)), -2 * (total - mean) / mean, -pulled / mean)


def influences(real: FeatureBank, found: Entropy) -> Influence:
    """Return the influence on log RKE at real rows (through the width) and fake ones."""
    spread = np.square(real.features - real.features.mean(axis=0, dtype=np.float64)).sum(axis=1)
    return Influence(found.slope * (spread / spread.mean() - 1), found.own)


def influence(evidence: Evidence) -> Influence:
    """Return RKE times the influence on its logarithm, at every row of samples of both sides; 0 at the others."""
    real, fake, _ = evidence.sample(CAP)
    found = log_rke(fake.features, width(real, SIGMA))
    parts = influences(real, found)
    sides = []
    for whole, order, values in zip(
        (evidence.real, evidence.fake), evidence.orders, (parts.real, parts.fake), strict=True
    ):
        assert values is not None
        spread = np.zeros(whole.n)
        spread[order[: len(values)]] = values * (whole.n / len(values))
        sides.append(np.exp(found.value) * spread)
    return Influence(sides[0], sides[1])


@METRICS.register(
    "rke",
    source="Jalali, Li & Farnia 2023, arXiv:2306.11888",
    needs=("features",),
    unit="effective modes",
    lower_is_better=False,
    margin=0.1,
    beyond="images more unlike each other than real ones do that, be they good or bad",
    misled="it rises when images spread out, be they good or bad",
    influence=influence,
)
def estimate(evidence: Evidence, sigma: float = SIGMA) -> Measurement:
    """RKE: the effective number of modes of the fakes, by the Rényi entropy of order 2 of a Gaussian kernel matrix.

    RKE = 1/‖K/n‖²_F = n²/Σ k(x_i, x_j)², k = exp(−|x − y|²/(2σ²)), in [1, n]: m far modes of equal size and no width give m. σ is
    ``sigma`` times the root of the mean squared distance of two real images, so that fakes and reference have one kernel.
    ``details.real``: the real images' own.

    Option: ``sigma``, the relative width: with 0.5 a pair at the typical distance counts e^−4, so about 50 modes can be told apart.

    Interval: delta method on the logarithm over fresh draws of both sides, the width's own noise included; for the expectation at this n.

    When it lies: it never looks at the real images but for the width, so noise scores highest: read it beside the real score. The number
    hangs on σ: another σ, another number of modes. It leans on frequent modes; a rare one hardly counts.

    Source: Jalali, Li & Farnia 2023, arXiv:2306.11888 (formula from memory; order 2 of the matrix-based entropy of Sanchez Giraldo et al.
    2015); the choice of σ is this package's own.
    """
    if not 0 < sigma < float("inf"):
        raise ConfigError(f"rke: expected sigma > 0; got {sigma}")
    real, fake, notes = evidence.sample(CAP)
    if min(real.n, fake.n) < 2:
        raise TooFewSamples(f"RKE needs 2 samples per side; got real={real.n}, fake={fake.n}. Give more images")
    squared_width = width(real, sigma)
    found = log_rke(fake.features, squared_width)
    low, high = np.exp(normal(found.value, influences(real, found).variance, evidence.level))
    value = float(np.exp(found.value))
    details = {"sigma": float(squared_width**0.5), "real": float(np.exp(log_rke(real.features, squared_width).value))}
    return Measurement(value, ("delta", float(low), float(high)), Rows(real.n, fake.n), details=details, notes=notes)
