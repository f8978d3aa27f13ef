"""Precision of Kynkäänniemi et al.: the share of fake images that lie in the real manifold."""

import numpy as np
from jaxtyping import Bool

from gantlet.core.errors import ConfigError
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.neighbours import MANIFOLD_K
from gantlet.evaluation.subsets import GIVEN_REAL, neighbour_variance, share_interval


def precision(in_real_manifold: Bool[np.ndarray, " n"]) -> float:
    """Return the share of fake images that lie in the real manifold, in [0, 1].

    The manifold is the union of balls that reach to the 3rd nearest neighbour, boundary included (≤).
    Source: Kynkäänniemi et al. 2019, arXiv:1904.06991, Eq. 2–3.
    """
    return float(in_real_manifold.mean())


def influence(evidence: Evidence) -> Influence:
    """Return whether each fake lies in the real manifold, with the real images given."""
    return Influence(fake=evidence.neighbours.in_real_manifold.astype(np.float64))


@METRICS.register(
    "precision",
    source="Kynkäänniemi et al. 2019, arXiv:1904.06991",
    needs=("features",),
    unit="share of fake images",
    lower_is_better=False,
    measures="realism: generated images that lie among the real ones",
    margin=0.1,
    beyond="images crowded where real ones are dense do that, and copies",
    misled="it rises when variety is given up",
    version=2,
    influence=influence,
)
def estimate(evidence: Evidence, k: int = MANIFOLD_K) -> Measurement:
    """Precision: the share of fake images that fall among the real ones.

    Mean over fake x of 1[some real x' has |x − x'| ≤ the distance from x' to its 3rd nearest real neighbour]; in [0,
    1].

    Option: ``k``, the neighbour to which the balls reach (prdc and dgm-eval take 5, with the boundary left out).

    Interval: Wilson with the number of independent fakes that has the variance over fresh draws of both sides, from 12
    random subsets of 60 % of both (fewer where n > 8,000). ``details.effective_n``: that number.

    When it lies: one real outlier has a huge ball that swallows bad fakes (density is steadier). Memorised or
    repeated images have precision 1. It grows with the number of real images and differs between feature spaces.

    Source: Kynkäänniemi et al. 2019, arXiv:1904.06991, Eq. 2–3; k = 3, as there and in torch-fidelity.
    """
    if k < 1:
        raise ConfigError(f"precision: expected k ≥ 1; got {k}")
    inside = evidence.manifolds(k).in_real_manifold
    value = precision(inside)
    variance = neighbour_variance(evidence, k, lambda facts: precision(facts.in_real_manifold))
    interval, worth = share_interval(value, len(inside), variance, evidence.level)
    about = GIVEN_REAL if variance is None else ""
    return Measurement(value, interval, evidence.rows, details={"k": k, "effective_n": worth}, estimand=about)
