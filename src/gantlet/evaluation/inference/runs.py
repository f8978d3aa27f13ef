"""Numbers of a method from several of its runs: the mean over training seeds, where its variance comes from, and a new run's range.

Run i has the value θ_i = μ + u_i, u_i ~ (0, τ²), and is measured with the error e_i of its own samples, variance v_i, and the error r of
the real images, variance v_r, which all runs share: y_i = μ + u_i + e_i + r.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy.special import nctdtrinc, stdtr, stdtrit

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.inference.intervals import quantile

POWER = 0.8
MOST_RUNS = 1_000
"""Beyond this number of runs no plan is given."""
LARGE = 1e4
"""Degrees of freedom beyond which Student's distribution is the normal one to four digits."""


@dataclass(frozen=True)
class OverRuns:
    """The mean of k runs, with its interval, the range of one more run, and the split of the variance of one run's number.

    ``training``: τ² without bias, below 0 where the runs differ less than their sampling lets expect; None where ``sampling`` is unknown.
    """

    mean: float
    low: float
    high: float
    new_low: float
    new_high: float
    spread: float
    """The variance of the runs' numbers, s²."""
    training: float | None
    sampling: float | None
    reference: float | None


def over_runs(
    values: Collection[float], sampling: float | None, reference: float | None, level: float = 0.95
) -> OverRuns:
    """Return the mean over runs of a method.

    The interval is mean ± (t·s²/k + z·v_r)/√(s²/k + v_r), t with k − 1 degrees of freedom, z the normal quantile. All runs are measured at one number of
    samples, so that Hartung and Knapp's weights 1/(τ² + v_i) are equal, and their interval is this one: s²/k estimates (τ² + v)/k without bias
    at any τ². (With Satterthwaite's degrees of freedom it holds the mean in 92.6 % of cases at k = 3 and small v_r.)
    The range of one more run, measured by as many samples against the same real images, is mean ± t·s·√(1 + 1/k).

    Args: values: the runs' numbers, k of them; sampling: the mean of v_i, and reference: v_r, both squared units of the values; None where
    they are unknown: then the interval is about these real images (v_r = 0) and there is no split.
    Raises TooFewSamples for fewer than two runs.
    Source: Hartung & Knapp 2001, "A refined method for the meta-analysis of controlled clinical trials with binary outcome";
    Cochran & Cox 1950, "Experimental Designs", for two parts of a variance, one of them with few degrees of freedom.
    """
    k = len(values)
    if k < 2:
        raise TooFewSamples(
            f"an interval over runs needs at least two runs, and steadies from five on; got {k}: train with --seeds 5"
        )
    array = np.array(list(values), dtype=np.float64)
    mean, spread = float(array.mean()), float(array.var(ddof=1))
    t, z, own, shared = t_quantile(level, k - 1), quantile(level), spread / k, reference or 0.0
    half = (t * own + z * shared) / math.sqrt(own + shared) if own + shared > 0 else 0.0
    new = t * math.sqrt(spread * (1 + 1 / k))
    training = None if sampling is None else spread - sampling
    return OverRuns(mean, mean - half, mean + half, mean - new, mean + new, spread, training, sampling, reference)


def t_quantile(level: float, freedom: int | float) -> float:
    """Return t with P(|T| ≤ t) = level of Student's distribution; the normal one's for infinitely many degrees of freedom."""
    return quantile(level) if math.isinf(freedom) else float(stdtrit(freedom, 0.5 + level / 2))


@dataclass(frozen=True)
class RunsDifference:
    """Mean of A's runs less mean of B's, with its interval and p-value, and what would have been found."""

    difference: float
    low: float
    high: float
    p_value: float
    error: float
    freedom: float
    detectable: float | None
    """The difference that is found with probability 80 % by as many runs; None where no run differs from another."""


def difference_over_runs(
    a: Collection[float], b: Collection[float], shared: float = 0.0, level: float = 0.95, comparisons: int = 1
) -> RunsDifference:
    """Return the difference of two methods' means: Welch's test over the runs, with the real images' part of the variance on top.

    Args: a, b: the runs' numbers; shared: the variance that the shared real images give the difference (their error cancels to first order
    where the methods are alike); comparisons: how many are corrected for, in ``detectable``.
    Raises TooFewSamples for fewer than two runs of a side.
    Source: Welch 1947, "The generalization of 'Student's' problem when several different population variances are involved".
    """
    sides = [over_runs(side, None, None, level) for side in (a, b)]
    parts = [(side.spread / len(values), len(values) - 1) for side, values in zip(sides, (a, b), strict=True)]
    variance = sum(own for own, _ in parts) + shared
    below = sum(own**2 / freedom for own, freedom in parts)
    freedom = variance**2 / below if below > 0 else math.inf
    difference, error = sides[0].mean - sides[1].mean, math.sqrt(variance)
    half = t_quantile(level, freedom) * error
    return RunsDifference(
        difference, difference - half, difference + half, _two_sided(difference, error, freedom), error, freedom,
        shift_found(freedom, level, comparisons) * error if error > 0 else None,
    )  # fmt: skip


def _two_sided(difference: float, error: float, freedom: int | float) -> float:
    if error == 0:
        return float(difference == 0)
    ratio = abs(difference) / error
    return math.erfc(ratio / math.sqrt(2)) if math.isinf(freedom) else float(2 * stdtr(freedom, -ratio))


def detectable_gap(
    spreads: tuple[float, float], runs: int, shared: float = 0.0, level: float = 0.95, comparisons: int = 1
) -> float:
    """Return the difference of two means that k runs per side show with probability 80%: δ·√((s_a² + s_b²)/k + v), δ as `shift_found`.

    Welch's degrees of freedom are lessened by (k − 1)/(k − ½): estimated from few runs they come out lower (power 71% without that at k = 3).

    Args: spreads: the variance s² of one run's number on either side; shared, level, comparisons: as `difference_over_runs`.
    """
    variance = sum(spreads) / runs + shared
    below = sum((spread / runs) ** 2 for spread in spreads) / (runs - 1)
    freedom = variance**2 / below * (runs - 1) / (runs - 0.5) if below > 0 else math.inf
    return shift_found(max(runs - 1.0, freedom), level, comparisons) * math.sqrt(variance)


def shift_found(freedom: int | float, level: float, comparisons: int = 1) -> float:
    """Return the shift, in standard errors, that a two-sided test shows with probability 80%: δ with P(T ≤ t_c) = .2, T noncentral t(δ).

    Few degrees of freedom make it large: the standard error is estimated too.
    """
    critical = t_quantile(1 - (1 - level) / comparisons, freedom)
    if math.isinf(freedom) or freedom > LARGE:
        return critical + quantile(2 * POWER - 1)
    return float(nctdtrinc(freedom, 1 - POWER, critical))


def runs_to_show(
    gap: float, spreads: tuple[float, float], shared: float = 0.0, level: float = 0.95, comparisons: int = 1
) -> int | None:
    """Return how many runs per side show a difference ``gap`` above 0 with probability 80%; None where 1,000 would not."""
    if detectable_gap(spreads, MOST_RUNS, shared, level, comparisons) > gap:
        return None
    low, high = 1, MOST_RUNS  # too few, enough
    while high - low > 1:
        middle = (low + high) // 2
        if detectable_gap(spreads, middle, shared, level, comparisons) <= gap:
            high = middle
        else:
            low = middle
    return high
