"""Several feature spaces at once: the mean of FDr over them, and whether the images are fitted to one of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gantlet.core.results.estimate import Estimate
from gantlet.core.words import counted
from gantlet.evaluation.inference.intervals import quantile

METRIC = "frechet_ratio"
ALPHA = 0.01
"""The chance that spaces whose true ratios differ by no more than `FACTOR` are called out, at most."""
FACTOR = 10.0
"""Twice as much as the FDr of honest generators differ between spaces: of 20 in lab goodhart the largest is 5.2 (benchmarks/RESULTS.md)."""
MEAN = "mean over spaces"


@dataclass(frozen=True)
class Ratio:
    """The logarithm of FDr in one space, and its standard error."""

    logarithm: float
    error: float


@dataclass(frozen=True)
class Fitted:
    """The images do well in ``space`` and in ``other`` worse by ``factor``, at least by ``least`` with confidence 99 %."""

    space: str
    other: str
    factor: float
    least: float


def ratios(estimates: Sequence[Estimate]) -> dict[str, Ratio]:
    """Return what is known of FDr in each space: plain values with an interval."""
    return {
        one.features: Ratio(math.log(one.value), one.details["log_standard_error"])
        for one in estimates
        if one.metric == METRIC and one.features and one.value and "log_standard_error" in one.details
    }


def fitted_to(found: Mapping[str, Ratio], named: str = "", factor: float = FACTOR) -> Fitted | None:
    """Return the space that images are fitted to; None where the spaces agree to within ``factor``.

    For the space s and every other t, log FDr_t − log FDr_s has a standard error of at most se_s + se_t, whatever the correlation that
    comes of the same images. The images are fitted to s where for some t the difference exceeds log ``factor`` by z(α/m) of those, m the
    number of differences that are looked at: then some true difference is beyond the factor, wrong with chance α = 1 % at most.

    Args: found: by space; named: the space that the generator was trained or selected in; '': the one with the smallest ratio, with
    as many differences as there are pairs in order.
    """
    if len(found) < 2 or (named and named not in found):
        return None
    space = named or min(found, key=lambda name: found[name].logarithm)
    looked_at = (len(found) - 1) * (1 if named else len(found))
    z = quantile(1 - 2 * ALPHA / looked_at)
    own, best = found[space], None
    for name, other in found.items():
        gap = other.logarithm - own.logarithm
        least = gap - z * (own.error + other.error)
        if name != space and least > math.log(factor) and (best is None or math.exp(least) > best.least):
            best = Fitted(space, name, math.exp(gap), math.exp(least))
    return best


def mean_over_spaces(estimates: Sequence[Estimate]) -> tuple[Estimate, ...]:
    """Return FDr-k, the mean of FDr over the k spaces that have one, as a further estimate; nothing below two.

    Interval: z times the mean of the spaces' standard errors, as if they were one and the same noise: an upper bound.
    """
    found = [one for one in estimates if one.metric == METRIC and one.value is not None and one.features]
    if len(found) < 2:
        return ()
    value = sum(one.value for one in found if one.value is not None) / len(found)
    errors = [
        one.value * one.details["log_standard_error"]
        for one in found
        if one.value and "log_standard_error" in one.details
    ]
    low = high = None
    if len(errors) == len(found):
        half = quantile(found[0].level) * sum(errors) / len(errors)
        low, high = max(0.0, value - half), value + half
    spaces = [one.features for one in found]
    notes = (
        f"the mean over {counted(len(found), 'space')}; its interval takes their noise for one and the same, which is an upper bound",
    )
    mean = replace(found[0], value=value, low=low, high=high, features=MEAN, notes=notes, reference=None, equal_n=None)
    details = {"form": found[0].details["form"], "spaces": spaces}
    return (replace(mean, details=details, votes=False, interval="delta" if low is not None else "none"),)


def said(estimates: Sequence[Estimate], named: str = "") -> list[str]:
    """Return the verdict's line about images that are fitted to one space; nothing where spaces agree."""
    found = ratios(estimates)
    fitted = fitted_to(found, named)
    if fitted is None:
        return []
    own, other = (math.exp(found[space].logarithm) for space in (fitted.space, fitted.other))
    return [
        f"caution: fitted to this metric: the Fréchet distance is {own:.3g} times real images' own in {fitted.space} and {other:.3g} times in "
        f"{fitted.other}; between honest generators' spaces it differs by no more than {FACTOR:.0f} times (chance of a false alarm beyond that "
        f"{ALPHA:.0%}). Do not rest on {fitted.space}."
    ]
