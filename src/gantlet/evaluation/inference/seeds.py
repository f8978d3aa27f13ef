"""Estimates over seeds: the mean of several runs with its interval."""

from collections.abc import Sequence

import numpy as np

from gantlet.core.results.estimate import Estimate


def over_seeds(what: str, values: Sequence[float], *, unit: str = "", level: float = 0.95) -> Estimate:
    """Return the mean over seeds with Student's interval: x̄ ± t · s/√k, k − 1 degrees of freedom.

    A single value has no interval, with a note. Source: Student 1908, "The probable error of a mean".
    """
    from scipy.special import stdtrit

    sample = np.asarray(values, np.float64)
    mean, k = float(sample.mean()), len(sample)
    if k < 2:
        return Estimate(what, mean, level=level, unit=unit, notes=("one seed: no interval",))
    half = float(stdtrit(k - 1, 0.5 + level / 2) * sample.std(ddof=1) / np.sqrt(k))
    return Estimate(what, mean, mean - half, mean + half, "seeds", level, unit=unit, details={"seeds": k})


def lower(estimate: Estimate) -> float:
    """Return the lower end of an interval, or the value where there is none."""
    bound = estimate.value if estimate.low is None else estimate.low
    assert bound is not None  # over_seeds always has a value
    return bound


def upper(estimate: Estimate) -> float:
    """Return the upper end of an interval, or the value where there is none."""
    bound = estimate.value if estimate.high is None else estimate.high
    assert bound is not None  # over_seeds always has a value
    return bound
