"""The rarity score: how sparse the real images are where the fakes lie."""

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.metadata import NO_INFLUENCE
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.measurement import NO_BOUNDS, Bounds, Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.neighbours import MANIFOLD_K
from gantlet.evaluation.subsets import mean_interval, neighbour_variance


def mean_rarity(rarity: Float64[np.ndarray, " m"]) -> float:
    """Return the mean of the finite rarities; 0 where there are none."""
    finite = rarity[np.isfinite(rarity)]
    return float(finite.mean()) if len(finite) else 0.0


@METRICS.register(
    "rarity_score",
    source="Han et al. 2023, arXiv:2206.08549",
    needs=("features",),
    unit="feature units",
    lower_is_better=False,
    margin=0.1,
    two_sided=True,
    misled="it rises when images lie where real ones are sparse, be they good or bad",
    unpaired=NO_INFLUENCE,
)
def estimate(evidence: Evidence, k: int = MANIFOLD_K) -> Measurement:
    """Rarity score: the mean radius of the smallest real ball that holds a fake image, over the fakes that some ball holds.

    Rarity(x) = min over real x' with |x − x'| ≤ NN_k(x') of NN_k(x'), NN_k the distance to the k-th nearest other real image. Fakes
    outside every ball have none and are left out (precision counts them). As large as real images' own is neither common nor rare: the
    aim is the reference. ``details``: ``share``, how many fakes have one; ``median``; ``highest``, the five rarest fakes, by name where
    images have names.

    Option: ``k``, the neighbour to which the balls reach.

    Interval: Student's, from the variance over 12 random subsets of 60 % of both sides; over fresh draws of both at this n.

    When it lies: the sparse places of the real images hold blunders as well as rare finds: look at the rarest. Radii shrink as real
    images grow in number, so only equal n compare. A fake a little outside the manifold does not count at all, however strange.

    Source: Han et al. 2023, arXiv:2206.08549, Eq. 2 (the formula rests on memory, not on a reading of the paper); the mean over fakes is
    this package's summary of the paper's histogram.
    """
    if k < 1:
        raise ConfigError(f"rarity_score: expected k ≥ 1; got {k}")
    rarity = evidence.manifolds(k).rarity
    inside = np.isfinite(rarity)
    if not inside.any():
        raise Undefined("no fake image lies in a ball of the real ones, so none has a rarity: precision is 0")
    value, variance = mean_rarity(rarity), neighbour_variance(evidence, k, lambda facts: mean_rarity(facts.rarity))
    interval: Bounds = (
        NO_BOUNDS if variance is None else ("subsampling", *mean_interval(value, variance, evidence.level))
    )
    highest = np.argsort(np.where(inside, -rarity, np.inf), kind="stable")[: min(5, int(inside.sum()))]
    names = evidence.fake.names
    details = {
        "k": k,
        "share": float(inside.mean()),
        "median": float(np.median(rarity[inside])),
        "highest": [str(names[int(row)]) if len(names) else int(row) for row in highest],
    }
    return Measurement(value, interval, evidence.rows, details=details)
