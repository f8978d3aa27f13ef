"""Coverage of Naeem et al.: the share of real images with a fake one nearby."""

import numpy as np
from jaxtyping import Int64

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence, effective_number, of_covered
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.neighbours import MANIFOLD_K
from gantlet.evaluation.subsets import neighbour_variance, share_interval


def coverage(fakes_in_ball: Int64[np.ndarray, " n"]) -> float:
    """Return the share of real k-balls that contain a fake image, in [0, 1].

    Args: fakes_in_ball [n]: the count for each real ball. Source: Naeem et al. 2020, arXiv:2002.09797, Eq. 5.
    """
    return float((fakes_in_ball > 0).mean())


def expected_coverage(n_real: int, n_fake: int, k: int) -> float:
    """Return the mean coverage where real and fake have one continuous distribution; in (0, 1).

    1 − Π_{i=1..k} (n_real − i) / (n_real + n_fake − i): none of the k nearest of a real image, among all, is fake.
    Source: Naeem et al. 2020, arXiv:2002.09797, Eq. 9.
    """
    i = np.arange(1, k + 1)
    return float(1 - np.prod((n_real - i) / (n_real + n_fake - i)))


def influence(evidence: Evidence) -> Influence:
    """Return whether each real ball is covered, and what the balls that hang on one fake add."""
    facts = evidence.neighbours
    return of_covered(facts.fakes_in_ball > 0, facts.only_fake, len(facts.real_balls))


@METRICS.register(
    "coverage",
    source="Naeem et al. 2020, arXiv:2002.09797",
    needs=("features",),
    unit="share of real images",
    lower_is_better=False,
    measures="variety: real images with a generated one near them",
    margin=0.1,
    beyond="copies of real images do that",
    version=2,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Coverage: the share of real images that have a fake image within their neighbourhood.

    Mean over real x of 1[some fake lies nearer than x's 5th nearest real neighbour]; in [0, 1], boundary excluded.
    ``details.expected`` is its mean where real and fake have one distribution.

    Interval: Wilson with the number of independent real images that has the variance over fresh draws of both sides, from 12 random
    subsets of 60 % of both; at most n Σ L / Σ L², L_j the number of balls held by fake j alone, which are covered or not together.
    ``details.effective_n``: that number.

    When it lies: it rises with the number of fakes, so compare at equal n only. Where real images are crowded
    (duplicates) balls are tiny and coverage is low without any fault of the fakes.

    Source: Naeem et al. 2020, arXiv:2002.09797, Eq. 5; k = 5.
    """
    facts = evidence.neighbours
    value, n = coverage(facts.fakes_in_ball), effective_number(facts.only_fake)
    variance = neighbour_variance(evidence, MANIFOLD_K, lambda part: coverage(part.fakes_in_ball))
    interval, worth = share_interval(value, len(facts.fakes_in_ball), variance, evidence.level)
    if variance is None or worth > n:
        interval, worth = ("wilson", *wilson(value * n, n, evidence.level)), n
    return Measurement(
        value,
        interval,
        evidence.rows,
        details={
            "k": facts.k,
            "expected": expected_coverage(evidence.real.n, evidence.fake.n, facts.k),
            "effective_n": worth,
        },
    )
