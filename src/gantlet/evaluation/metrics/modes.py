"""Modes: the number of classes that the fake images hit."""

import numpy as np
from jaxtyping import Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.mixture import Mixture
from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.feature_bank import FeatureBank

RARE = 0.2
REACH = 3.0
"""Standard deviations within which a point of a known mixture finds its mode."""


def modes(counts: Int64[np.ndarray, " k"], level: float) -> tuple[int, float, float]:
    """Return the number of classes with one image or more, and the interval of its mean over new draws.

    Poisson: class j is missed in a new draw with e^{−λ_j}, so the variance is Σ_j e^{−λ_j}(1 − e^{−λ_j}). At λ_j = c_j, the images
    seen, classes that this draw missed and another hits are left out. They are known by the number f₁ of classes seen once, whose mean
    is Σ_j λ_j e^{−λ_j}: the variance is as large where λ_j is small and .63 of it at λ_j = 1. So: the larger of the sum at c_j and ¾ f₁,
    at most k/4, as no variance of one class is above ¼. Upwards, where a class was missed, f₁ + 1 for f₁, as a count of none may be of one.
    Source: Metz et al. 2017, arXiv:1611.02163, Sec. 3.3; Lin et al. 2018, arXiv:1712.04086, Sec. 4; Good 1953 for f₁ and f₁ + 1.
    """
    missed = np.exp(-counts.astype(np.float64))
    hit, k = counts > 0, len(counts)
    seen, once = float((missed * (1 - missed))[hit].sum()), int((counts == 1).sum())
    found = int(hit.sum())
    low = normal(found, min(k / 4, max(seen, 0.75 * once)), level)[0]
    high = normal(found, min(k / 4, max(seen, 0.75 * (once + (found < k)))), level)[1]
    return found, max(0.0, low), min(float(k), high)


def same_modes(a: Estimate, b: Estimate) -> float:
    """Return the p-value of the difference of two counts of modes where both sets of images are of one distribution.

    Given the images a_j + b_j of each class, every one is A's with q = n_A/(n_A + n_B). A class adds 1 to the difference with
    q^(a_j + b_j), where all its images are A's, and −1 with (1 − q)^(a_j + b_j); the sum's distribution is their convolution.
    p: the probability of a difference as far from its mean or farther.
    """
    sides = [np.asarray(estimate.details["fake"], dtype=np.float64) for estimate in (a, b)]
    both, q = sides[0] + sides[1], sides[0].sum() / max(1.0, sides[0].sum() + sides[1].sum())
    chance = np.ones(1)
    for count in both[both > 0]:
        chance = np.convolve(chance, [(1 - q) ** count, 1 - q**count - (1 - q) ** count, q**count])
    values = np.arange(len(chance)) - len(chance) // 2
    mean, observed = float(values @ chance), int((sides[0] > 0).sum()) - int((sides[1] > 0).sum())
    return float(min(1.0, chance[abs(values - mean) >= abs(observed - mean) - 1e-9].sum()))


def class_counts(bank: FeatureBank, mixture: Mixture | None = None) -> Int64[np.ndarray, " k"]:
    """Return how many images of a bank have each class as their most probable one, or lie nearest to each known mode."""
    assert mixture is not None or bank.probabilities is not None
    k = mixture.n_modes if mixture is not None else bank.probabilities.shape[1]  # type: ignore[union-attr]
    return np.bincount(class_of_rows(bank, mixture), minlength=k)


def class_of_rows(bank: FeatureBank, mixture: Mixture | None = None) -> Int64[np.ndarray, " n"]:
    """Return the most probable class of each image, or the known mode that it lies nearest to."""
    if mixture is not None:
        return mixture.nearest(bank.features)[0]
    assert bank.probabilities is not None
    return bank.probabilities.argmax(axis=1)


def hits(bank: FeatureBank, mixture: Mixture | None) -> Int64[np.ndarray, " k"]:
    """Return the counts that find a mode: of a known mixture only points within 3σ of it, else `class_counts`."""
    if mixture is None:
        return class_counts(bank)
    mode, distance = mixture.nearest(bank.features)
    return np.bincount(mode[distance <= REACH], minlength=mixture.n_modes)


@METRICS.register(
    "modes",
    source="Metz et al. 2017, arXiv:1611.02163",
    needs=("classes",),
    unit="classes",
    lower_is_better=False,
    margin=0.1,
    version=3,
    unpaired="a count of modes has no influence function",
    no_difference=same_modes,
)
def estimate(evidence: Evidence) -> Measurement:
    """Number of classes that at least one fake image is classified as; of a known mixture: of modes that are found.

    #{j : some fake x has argmax_y p(y|x) = j}; where the data is a mixture, #{j : some fake lies within 3σ of mode j};
    ``details`` hold the counts of each class in fake and real images (by the same classifier), the classes missing (real
    images have them, fakes do not) and the rare ones (a fifth of the real share or less).

    Interval: delta (Poisson): how many classes a new draw of as many fakes would hit; a class with three images is
    missed in 5 % of draws. Classes not seen yet count by those seen once (Good 1953). ``compare`` splits the images of both sides
    anew instead.

    When it lies: one misclassified image counts as a class found, so with many fakes noise finds every class: read the
    counts. It says nothing of variety within per class.

    Source: Metz et al. 2017, arXiv:1611.02163, Sec. 3.3; Lin et al. 2018, arXiv:1712.04086, Sec. 4.
    """
    if evidence.fake.n == 0:
        raise TooFewSamples("modes needs 1 fake sample; got 0. Give more images")
    fake, real = hits(evidence.fake, evidence.mixture), hits(evidence.real, evidence.mixture)
    hit, low, high = modes(fake, evidence.level)
    names = evidence.classes if len(evidence.classes) == len(fake) else tuple(str(j) for j in range(len(fake)))
    missing = [names[j] for j in np.flatnonzero((real > 0) & (fake == 0))]
    rare = [
        names[j] for j in np.flatnonzero((fake > 0) & (fake / max(1, fake.sum()) <= RARE * real / max(1, real.sum())))
    ]
    details = {"fake": fake.tolist(), "real": real.tolist(), "missing": missing, "rare": rare, "classes": len(fake)}
    notes = tuple(f"{what}: {', '.join(which[:10])}" for what, which in (("missing", missing), ("rare", rare)) if which)
    return Measurement(float(hit), ("delta", low, high), evidence.rows, details=details, notes=notes)
