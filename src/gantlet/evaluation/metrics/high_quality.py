"""High-quality samples: the share of fakes within three standard deviations of a known mode."""

import numpy as np
from jaxtyping import Bool, Float, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.mixture import Mixture
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS

REACH = 3.0


def high_quality(
    points: Float[np.ndarray, "n d"], mixture: Mixture, reach: float = REACH
) -> tuple[Bool[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Return whether each point lies within ``reach`` standard deviations of its nearest mode, and which mode that is.

    Raises: ShapeError (dimensions differ). Source: Srivastava et al. 2017, arXiv:1705.07761, Sec. 4.1.
    """
    mode, distance = mixture.nearest(points)
    return distance <= reach, mode


def influence(evidence: Evidence) -> Influence:
    """Return whether each fake is of high quality."""
    assert evidence.mixture is not None
    return Influence(fake=high_quality(evidence.fake.features, evidence.mixture)[0].astype(np.float64))


@METRICS.register(
    "high_quality",
    source="Srivastava et al. 2017, arXiv:1705.07761",
    needs=("mixture",),
    unit="share of fakes",
    lower_is_better=False,
    margin=0.1,
    version=1,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """High-quality samples: the share of fakes within 3σ of the nearest mode of a mixture that is known.

    Mean over fakes x of 1[min_j |x − centre_j| ≤ 3σ] (for a mode that is no circle: Mahalanobis distance ≤ 3);
    ``details``: the modes hit (by one high-quality fake or more) and the count of each. A true draw in two dimensions is within 3σ with chance 98.9 %.

    Interval: Wilson over the fakes: the indicators are independent.

    When it lies: all fakes at one centre score 1: read it with the modes hit. The share that true draws reach falls
    with the dimension (in ten dimensions 3σ holds 47 %).

    Source: Srivastava et al. 2017, arXiv:1705.07761, Sec. 4.1.
    """
    assert evidence.mixture is not None
    if evidence.fake.n == 0:
        raise TooFewSamples("high_quality needs 1 fake sample; got 0. Give more images")
    good, mode = high_quality(evidence.fake.features, evidence.mixture)
    counts = np.bincount(mode[good], minlength=len(evidence.mixture.centres))
    interval = wilson(int(good.sum()), len(good), evidence.level)
    details = {"modes": int((counts > 0).sum()), "of": len(counts), "counts": counts.tolist()}
    return Measurement(float(good.mean()), ("wilson", *interval), evidence.rows, details=details)
