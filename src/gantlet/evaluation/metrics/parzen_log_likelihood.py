"""The Parzen-window log-likelihood of real images under Gaussians set on the fakes (misleading; kept for history)."""

import numpy as np
import torch
from jaxtyping import Float32, Float64
from scipy.special import logsumexp

from gantlet.core.errors import DataError, TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS

CAP = 2000


def squared_distances(
    left: Float32[np.ndarray, "n d"], right: Float32[np.ndarray, "m d"]
) -> Float64[np.ndarray, "n m"]:
    """Return |left − right|² of all pairs in float64."""
    x, y = torch.from_numpy(left.astype(np.float64)), torch.from_numpy(right.astype(np.float64))
    found: Float64[np.ndarray, "n m"] = torch.cdist(x, y).square().numpy()
    return found


def parzen_log_likelihoods(squared: Float64[np.ndarray, "n m"], sigma: float, d: int) -> Float64[np.ndarray, " n"]:
    """Return log (1/m) Σ_j N(x_i; y_j, σ²I) in nats for each of n rows, from squared distances [n, m].

    Source: Breuleux, Bengio & Vincent 2011; Goodfellow et al. 2014, arXiv:1406.2661, Sec. 5.
    """
    exponents = logsumexp(-squared / (2 * sigma**2), axis=1)
    return np.asarray(exponents - np.log(squared.shape[1]) - d / 2 * np.log(2 * np.pi * sigma**2))


def best_width(squared: Float64[np.ndarray, "n m"], d: int) -> float:
    """Return the width σ with the largest mean log-likelihood; raises DataError where a row is met exactly.

    A row at distance 0 in few dimensions would let σ fall to 0, so the search stays within 1e-3 … 10 times the median
    nearest distance per dimension.
    """
    typical = float(np.median(squared.min(axis=1)) / d) ** 0.5
    if typical == 0:
        raise DataError("half of the real images or more are exactly fakes: the Parzen density is infinite there")

    def loss(log_sigma: float) -> float:
        return -float(parzen_log_likelihoods(squared, float(np.exp(log_sigma)), d).mean())

    from scipy.optimize import minimize_scalar

    bounds = (np.log(typical * 1e-3), np.log(typical * 10))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3}).x))


@METRICS.register(
    "parzen_log_likelihood",
    source="Goodfellow et al. 2014, arXiv:1406.2661",
    needs=("features",),
    unit="nats an image",
    lower_is_better=False,
    version=1,
    estimand="fresh test images, given the training images and the fakes",
    unpaired="its width is fitted anew for each side",
)
def estimate(evidence: Evidence) -> Measurement:
    """Parzen-window log-likelihood of real images under Gaussians around the fakes. Misleading: see below.

    Mean over real test x of log (1/m) Σ_fake N(x; fake, σ²I); σ maximises it on one half of the real images (random,
    seeded), the other half is the test; at most 2,000 images per side.

    Interval: delta: the spread of the log-likelihood over the test images, with fakes and σ fixed.

    When it lies: nearly always. In high dimension it is far from the true log-likelihood however many fakes there
    are, and does not even rank models: k-means centres beat the real data itself. Kept to compare with old papers
    only; there features are pixels.

    Source: Goodfellow et al. 2014, arXiv:1406.2661, Sec. 5; warning: Theis, van den Oord & Bethge 2016,
    arXiv:1511.01844, Sec. 3.2.
    """
    real, fake, notes = evidence.sample(CAP)
    if real.n < 4 or fake.n < 1:
        raise TooFewSamples(f"parzen_log_likelihood needs 4 real and 1 fake; got real={real.n}, fake={fake.n}")
    squared = squared_distances(real.features, fake.features)
    sigma = best_width(squared[::2], real.dim)
    test = parzen_log_likelihoods(squared[1::2], sigma, real.dim)
    interval = normal(float(test.mean()), float(test.var(ddof=1) / len(test)), evidence.level)
    notes = ("misleading in high dimension (Theis et al. 2016): do not rank models by it", *notes)
    return Measurement(
        float(test.mean()), ("delta", *interval), Rows(real.n, fake.n), details={"sigma": sigma}, notes=notes
    )
