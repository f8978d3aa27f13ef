"""Is A better than B? The difference of one metric between two sets of fakes judged against the same real images."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from gantlet.errors import ShapeError
from gantlet.results import Estimate
from gantlet.stats.intervals import quantile


@dataclass(frozen=True, eq=False)
class Influence:
    """The metric's influence function at every row: metric ≈ truth + mean(real) + mean(fake) to first order.

    None on a side that the metric takes as given.
    """

    real: Float64[np.ndarray, " n"] | None = None
    fake: Float64[np.ndarray, " m"] | None = None

    @property
    def variance(self) -> float:
        """Return the squared standard error of the metric."""
        return _variance(self.real) + _variance(self.fake)


def difference_variance(a: Influence, b: Influence, paired_fakes: bool) -> float:
    """Return the variance of metric(A) − metric(B) when both share the real rows.

    var(ψ_real^A − ψ_real^B)/n_real + var(ψ_fake^A)/n_A + var(ψ_fake^B)/n_B; with ``paired_fakes`` (row i of A and of B come
    from the same latent) the last two are var(ψ_fake^A − ψ_fake^B)/n. Raises ShapeError when rows do not pair.
    """
    real = _difference(a.real, b.real)
    if paired_fakes:
        return _variance(real) + _variance(_difference(a.fake, b.fake))
    return _variance(real) + _variance(a.fake) + _variance(b.fake)


def _difference(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
    if a is None or b is None:
        return a if b is None else -b
    if len(a) != len(b):
        raise ShapeError(
            f"paired influence functions have {len(a)} and {len(b)} rows; expected the same images on both sides"
        )
    return a - b


def _variance(values: np.ndarray | None) -> float:
    return 0.0 if values is None or len(values) < 2 else float(values.var(ddof=1) / len(values))


def interval_variance(estimate: Estimate) -> float | None:
    """Return the variance that an estimate's interval stands for, by its longer arm; None where it has no interval."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    arm = max(estimate.high - estimate.value, estimate.value - estimate.low)
    return (arm / quantile(estimate.level)) ** 2
