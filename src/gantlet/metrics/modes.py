"""Modes: the number of classes that the fake images hit."""

import numpy as np
from jaxtyping import Int64

from gantlet.errors import TooFewSamples
from gantlet.metrics import METRICS
from gantlet.results import Estimate
from gantlet.stats.evidence import Evidence
from gantlet.stats.feature_bank import FeatureBank
from gantlet.stats.intervals import normal

RARE = 0.2


def modes(counts: Int64[np.ndarray, " k"]) -> tuple[int, float]:
    """Return the number of classes with one image or more, and the variance of that number over new draws.

    Variance, Poisson: Σ_j e^{−c_j}(1 − e^{−c_j}), c_j images in class j: class j is missed in a new draw with e^{−c_j}.
    Raises: TooFewSamples (no images). Source: Metz et al. 2017, arXiv:1611.02163, Sec. 3.3; Lin et al. 2018,
    arXiv:1712.04086, Sec. 4.
    """
    if counts.sum() == 0:
        raise TooFewSamples("modes needs 1 fake sample; got 0. Give more images")
    missed = np.exp(-counts.astype(np.float64))
    hit = counts > 0
    return int(hit.sum()), float((missed * (1 - missed))[hit].sum())


def class_counts(bank: FeatureBank) -> Int64[np.ndarray, " k"]:
    """Return how many images of a bank have each class as their most probable one."""
    assert bank.probabilities is not None
    return np.bincount(bank.probabilities.argmax(axis=1), minlength=bank.probabilities.shape[1])


@METRICS.register(
    "modes",
    source="Metz et al. 2017, arXiv:1611.02163",
    needs=("probabilities",),
    unit="classes",
    lower_is_better=False,
    version=1,
)
def estimate(evidence: Evidence) -> Estimate:
    """Number of classes that at least one fake image is classified as.

    #{j : some fake x has argmax_y p(y|x) = j}; ``details`` hold the counts of each class in fake and real images (by
    the same classifier), the classes missing (real images have them, fakes do not) and the rare ones (a fifth of the
    real share or less).

    Interval: delta (Poisson): how many classes a new draw of as many fakes would hit; a class with three images is
    missed in 5 % of draws. A class not seen yet cannot be counted.

    When it lies: one misclassified image counts as a class found, so with many fakes noise finds every class: read the
    counts. It says nothing of variety within a class.

    Source: Metz et al. 2017, arXiv:1611.02163, Sec. 3.3; Lin et al. 2018, arXiv:1712.04086, Sec. 4.
    """
    fake, real = class_counts(evidence.fake), class_counts(evidence.real)
    found, variance = modes(fake)
    low, high = normal(found, variance, evidence.level)
    names = evidence.classes if len(evidence.classes) == len(fake) else tuple(str(j) for j in range(len(fake)))
    missing = [names[j] for j in np.flatnonzero((real > 0) & (fake == 0))]
    rare = [names[j] for j in np.flatnonzero((fake > 0) & (fake / fake.sum() <= RARE * real / max(1, real.sum())))]
    details = {"fake": fake.tolist(), "real": real.tolist(), "missing": missing, "rare": rare, "classes": len(fake)}
    notes = tuple(f"{what}: {', '.join(which[:10])}" for what, which in (("missing", missing), ("rare", rare)) if which)
    return Estimate(
        "modes",
        float(found),
        max(0.0, low),
        min(float(len(fake)), high),
        "delta",
        evidence.level,
        evidence.real.n,
        evidence.fake.n,
        details=details,
        notes=notes,
    )
