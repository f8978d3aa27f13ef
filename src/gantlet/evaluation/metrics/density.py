"""Density of Naeem et al.: how many real balls contain a fake image, over k."""

import numpy as np
from jaxtyping import Int64

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.neighbours import MANIFOLD_K
from gantlet.evaluation.subsets import GIVEN_REAL, mean_interval, neighbour_variance


def density(real_balls: Int64[np.ndarray, " m"], k: int) -> float:
    """Return the mean number of real k-balls that contain a fake image, over k; ≥ 0, about 1 where real and fake agree.

    Args: real_balls [m]: the count for each fake. Source: Naeem et al. 2020, arXiv:2002.09797, Eq. 4.
    """
    return float(real_balls.mean() / k)


def influence(evidence: Evidence) -> Influence:
    """Return the number of real balls over k at every fake row, with the real images given."""
    return Influence(fake=evidence.neighbours.real_balls / evidence.neighbours.k)


@METRICS.register(
    "density",
    source="Naeem et al. 2020, arXiv:2002.09797",
    needs=("features",),
    unit="real neighbourhoods an image, over k",
    lower_is_better=False,
    measures="how crowded the real images are around a generated one",
    margin=0.1,
    beyond="images crowded where real ones are dense do that, and copies",
    misled="it rises when variety is given up",
    version=2,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Density: how many real neighbourhoods a fake image falls into, on average and over k.

    1/(k m) Σ_fake #{real x : |x − fake| < distance from x to its 5th nearest real neighbour}; about 1 where real and
    fake agree, not bounded by 1. The boundary is excluded, as in prdc.

    Interval: Student's, with the variance over fresh draws of both sides, from 12 random subsets of 60 % of both (fewer
    where n > 8,000).

    When it lies: fakes crowded where real images are dense score above 1, so more is not always better: read it
    with coverage. It says nothing of what is missing.

    Source: Naeem et al. 2020, arXiv:2002.09797, Eq. 4; k = 5.
    """
    facts = evidence.neighbours
    value = density(facts.real_balls, facts.k)
    given_real = influence(evidence).variance
    both = neighbour_variance(evidence, MANIFOLD_K, lambda drawn: density(drawn.real_balls, drawn.k))
    low, high = mean_interval(value, max(both or 0.0, given_real), evidence.level)
    about = GIVEN_REAL if both is None else ""
    return Measurement(value, ("subsampling", low, high), evidence.rows, details={"k": facts.k}, estimand=about)
