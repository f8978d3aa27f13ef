"""Recall of Kynkäänniemi et al.: the share of real images that lie in the fake manifold."""

import numpy as np
from jaxtyping import Bool

from gantlet.core.errors import ConfigError
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence, of_covered
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.neighbours import MANIFOLD_K
from gantlet.evaluation.subsets import GIVEN_FAKE, neighbour_variance, share_interval


def recall(in_fake_manifold: Bool[np.ndarray, " n"]) -> float:
    """Return the share of real images that lie in the fake manifold, in [0, 1].

    The manifold is the union of balls that reach to the 3rd nearest neighbour, boundary included (≤).
    Source: Kynkäänniemi et al. 2019, arXiv:1904.06991, Eq. 2–3.
    """
    return float(in_fake_manifold.mean())


def influence(evidence: Evidence) -> Influence:
    """Return whether each real image lies in the fake manifold, with the fakes given."""
    facts = evidence.neighbours
    return of_covered(facts.in_fake_manifold, facts.only_ball, len(facts.real_balls))


@METRICS.register(
    "recall",
    source="Kynkäänniemi et al. 2019, arXiv:1904.06991",
    needs=("features",),
    unit="share of real images",
    lower_is_better=False,
    measures="reach: real images that lie among the generated ones",
    margin=0.1,
    beyond="copies of real images do that, and images that spread out, be they good or bad",
    misled="it rises when images spread out, be they good or bad",
    version=2,
    influence=influence,
)
def estimate(evidence: Evidence, k: int = MANIFOLD_K) -> Measurement:
    """Recall: the share of real images that the fakes could have made.

    Mean over real x of 1[some fake x' has |x − x'| ≤ the distance from x' to its 3rd nearest fake neighbour]; in [0,
    1].

    Option: ``k``, the neighbour to which the balls reach (prdc and dgm-eval take 5, with the boundary left out).

    Interval: Wilson with the number of independent real images that has the variance over fresh draws of both sides, from
    12 random subsets of 60 % of both (fewer where n > 8,000). ``details.effective_n``: that number.

    When it lies: scattered bad fakes have huge balls, so noise can raise recall (coverage is steadier). It depends on
    both sample sizes, and it counts regions of feature space, not classes.

    Source: Kynkäänniemi et al. 2019, arXiv:1904.06991, Eq. 2–3; k = 3, as there and in torch-fidelity.
    """
    if k < 1:
        raise ConfigError(f"recall: expected k ≥ 1; got {k}")
    inside = evidence.manifolds(k).in_fake_manifold
    value = recall(inside)
    variance = neighbour_variance(evidence, k, lambda facts: recall(facts.in_fake_manifold))
    interval, worth = share_interval(value, len(inside), variance, evidence.level)
    about = GIVEN_FAKE if variance is None else ""
    return Measurement(value, interval, evidence.rows, details={"k": k, "effective_n": worth}, estimand=about)
