"""Authenticity: the share of fake images that are farther from their nearest real image than it is from its own."""

import numpy as np
from jaxtyping import Bool

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.neighbours import Neighbours


def authentic(facts: Neighbours) -> Bool[np.ndarray, " m"]:
    """Return for each fake x whether d(x, r) > d(r, r'), r the real row nearest to x and r' the one nearest to r.

    Source: Alaa et al. 2022, arXiv:2102.08921, Sec. 4.3 and Appendix.
    """
    nearest = facts.fake_to_real
    own = facts.real.distances[:, 0]
    return np.asarray(nearest.distances[:, 0] > own[nearest.indices[:, 0]])


def influence(evidence: Evidence) -> Influence:
    """Return whether each fake is authentic, with the training images given."""
    return Influence(fake=authentic(evidence.training_neighbours).astype(np.float64))


@METRICS.register(
    "authenticity",
    source="Alaa et al. 2022, arXiv:2102.08921",
    needs=("features",),
    unit="share of fake images",
    lower_is_better=False,
    margin=0.1,
    version=1,
    estimand="fresh fakes, given the training images",
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Authenticity: the share of fake images that are no closer to a training image than its own nearest neighbour is.

    Mean over fake x of 1[d(x, r) > d(r, r')], r the training image nearest to x, r' the other one nearest to r; in
    [0, 1]. A hundred times this is AuthPct. New draws of the real distribution itself score about a half.

    Interval: Wilson over the fake images with the training set fixed: given it the indicators are independent.

    When it lies: where the training images are not named, the real ones stand for them, and copies of others are not
    found. Bad images are authentic too, so high is good only beside good precision; fakes of low variety near dense real images look copied.

    Source: Alaa et al. 2022, arXiv:2102.08921, Sec. 4.3; the percentage: Stein et al. 2023, arXiv:2306.04675.
    """
    originals = authentic(evidence.training_neighbours)
    low, high = wilson(int(originals.sum()), len(originals), evidence.level)
    return Measurement(float(originals.mean()), ("wilson", low, high), Rows(evidence.training.n, evidence.rows.fake))
