"""Is A better than B? The difference of one metric between two sets of fakes, evaluated against the same real images."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from gantlet.core.errors import ShapeError
from gantlet.core.results.estimate import Estimate
from gantlet.core.words import counted
from gantlet.evaluation.inference.intervals import quantile


@dataclass(frozen=True, eq=False)
class Influence:
    """The metric's influence function at every row: metric ≈ truth + mean(real) + mean(fake) to first order.

    None on a side that the metric treats as fixed.
    """

    real: Float64[np.ndarray, " n"] | None = None
    fake: Float64[np.ndarray, " m"] | None = None

    @property
    def variance(self) -> float:
        """Return the squared standard error of the metric."""
        return mean_variance(self.real) + mean_variance(self.fake)


def effective_number(owner: Int64[np.ndarray, " n"]) -> float:
    """Return the effective number of independent indicators among n covered-or-not rows: n Σ_j L_j / Σ_j L_j².

    ``owner``: the only fake that covers a row, −1 where none or several do. L_j is the number
    of rows that fake j alone covers: they are covered or not together, by that one draw.
    """
    lone = np.bincount(owner[owner >= 0])
    return len(owner) * float(lone.sum() / np.square(lone).sum()) if lone.any() else float(len(owner))


def of_covered(covered: Bool[np.ndarray, " n"], owner: Int64[np.ndarray, " n"], m: int) -> Influence:
    """Return the influence functions of the share of real rows that at least one of m fakes covers.

    At the real rows, whether they are covered; at the fakes, the extra variance from real images covered by one fake only:
    proportional to L_j, with variance p(1 − p)(1/n_eff − 1/n).
    """
    share, n = float(covered.mean()), len(covered)
    excess = share * (1 - share) * max(0.0, 1 / effective_number(owner) - 1 / n)
    lone = np.bincount(owner[owner >= 0], minlength=m).astype(np.float64)
    spread = float(lone.var(ddof=1)) if m > 1 else 0.0
    return Influence(covered.astype(np.float64), lone * (excess * m / spread) ** 0.5 if spread > 0 else None)


def of_pairs(values: Float64[np.ndarray, " m"], partners: Int64[np.ndarray, " m"], n: int) -> Influence:
    """Return the influence of a mean over pairs: at the real rows where each of n has one finite pair, else at the fakes.

    Two sets that reproduce the same real images are so compared image by image.
    """
    if len(values) != n or len(np.unique(partners)) != n or not np.isfinite(values).all():
        return Influence(fake=values[np.isfinite(values)])
    return Influence(real=values[np.argsort(partners)])


def difference_variance(a: Influence, b: Influence, paired_fakes: bool) -> float:
    """Return the variance of metric(A) − metric(B) when both share the real rows.

    var(ψ_real^A − ψ_real^B)/n_real + var(ψ_fake^A)/n_A + var(ψ_fake^B)/n_B; with ``paired_fakes`` (row i of A and of B come
    from the same latent) the last two terms are var(ψ_fake^A − ψ_fake^B)/n. Raises ShapeError when rows do not pair.
    """
    real = _difference(a.real, b.real)
    if paired_fakes:
        return mean_variance(real) + mean_variance(_difference(a.fake, b.fake))
    return mean_variance(real) + mean_variance(a.fake) + mean_variance(b.fake)


def _difference(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
    if a is None or b is None:
        return a if b is None else -b
    if len(a) != len(b):
        raise ShapeError(
            f"paired influence functions have {len(a)} and {counted(len(b), 'row')}; expected the same images on both sides"
        )
    return a - b


def mean_variance(values: Float64[np.ndarray, " n"] | None) -> float:
    """Return the variance of the mean of n independent rows, s²/n; 0 for a side that is fixed."""
    return 0.0 if values is None or len(values) < 2 else float(values.var(ddof=1) / len(values))


def interval_variance(estimate: Estimate) -> float | None:
    """Return the variance implied by an estimate's interval, from its longer arm; None where it has no interval."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    arm = max(estimate.high - estimate.value, estimate.value - estimate.low)
    return (arm / quantile(estimate.level)) ** 2
