"""Where a metric stands against its reference: worse, a little worse, as good, beyond it, or not to be told."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.inference.holm import holm_adjusted
from gantlet.evaluation.inference.intervals import quantile
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.spread import FEWEST_CARRIERS

State = Literal["worse", "slightly worse", "as good", "beyond", "unclear"]


@dataclass(frozen=True)
class Standing:
    """A metric of the fakes beside its reference, at equal numbers of rows.

    ``harm``: how much worse than the reference (below 0: better), with its interval ``low`` … ``high``; ``margin``: up to
    this harm it counts as equally good, None where the metric states none; ``p_value``: two-sided, of no difference;
    ``resized``: the value is of other numbers of rows than the report's.
    """

    metric: str
    value: Estimate
    reference: Estimate
    harm: float
    low: float
    high: float
    margin: float | None
    p_value: float
    resized: bool
    state: State = "unclear"


def standings(estimates: Sequence[Estimate], level: float) -> tuple[Standing, ...]:
    """Return where each estimate stands that has an interval, votes, and has a reference at its number of rows.

    The interval of the harm joins both intervals arm by arm: value − reference − √(a² + b²), a the value's lower arm and b
    the reference's upper one, and so on. Both sides share the real images, which makes it conservative. A difference is
    claimed where it is significant at 1 − level after Holm's correction over all of them; *as good* where the interval
    ends within the margin (of a metric whose aim is the reference: at both ends) and there are 50 images per side.

    Source: Zou & Donner 2008, "Construction of confidence limits about effect measures: a general approach"; Holm 1979.
    """
    found = [standing for estimate in estimates if (standing := _standing(estimate)) is not None]
    adjusted = holm_adjusted(np.array([standing.p_value for standing in found], dtype=np.float64))
    return tuple(
        dataclasses.replace(standing, state=_state(standing, bool(p <= 1 - level)))
        for standing, p in zip(found, adjusted, strict=True)
    )


def _standing(estimate: Estimate) -> Standing | None:
    reference, value = estimate.reference, estimate.equal_n or estimate
    if reference is None or not estimate.votes or (not same_n(value, reference)):
        return None
    if value.value is None or value.low is None or value.high is None:
        return None
    if reference.value is None or reference.low is None or reference.high is None:
        return None
    down = math.hypot(value.value - value.low, reference.high - reference.value)
    up = math.hypot(value.high - value.value, reference.value - reference.low)
    harm = value.value - reference.value
    if not estimate.lower_is_better:
        harm, down, up = -harm, up, down
    arm = down if harm > 0 else up
    z = abs(harm) * quantile(value.level) / arm if arm > 0 else (math.inf if harm else 0.0)
    p_value = 2 * float(ndtr(-z))
    return Standing(
        estimate.metric,
        value,
        reference,
        harm,
        harm - down,
        harm + up,
        _margin(reference),
        p_value,
        estimate.equal_n is not None,
    )


def same_n(value: Estimate, reference: Estimate) -> bool:
    """Return whether both rest on equally many generated images, or the metric does not depend on their number."""
    return value.n_fake == reference.n_fake or METRICS.entry(value.metric).meta.any_n


def _margin(reference: Estimate) -> float | None:
    """Return the harm up to which a metric counts as equally good: its share of the reference, or what its details state."""
    share = METRICS.entry(reference.metric).meta.margin
    if share is not None and reference.value is not None:
        return share * abs(reference.value)
    stated = reference.details.get("margin")
    return float(stated) if isinstance(stated, int | float) else None


def _state(standing: Standing, significant: bool) -> State:
    within = standing.margin is not None and 0 < standing.margin >= standing.high and not _few(standing)
    if METRICS.entry(standing.metric).meta.two_sided and standing.low < -(standing.margin or 0.0):
        return "beyond" if significant and standing.harm < 0 else "unclear"
    if significant and standing.harm < 0 and standing.low < -(standing.margin or 0.0):
        surely = standing.margin is None or standing.high < -standing.margin
        return "beyond" if surely else ("as good" if within else "unclear")
    if within:
        return "as good"
    if significant and standing.harm > 0:
        return "worse" if standing.low > (standing.margin or 0.0) else "slightly worse"
    return "unclear"


FEWEST = 50
"""Images of a side below which nothing is shown to be as good: the reference itself is chance."""


def _few(standing: Standing) -> bool:
    if min(side.details.get("carriers", FEWEST) for side in (standing.value, standing.reference)) < FEWEST_CARRIERS:
        return True
    sizes = (standing.value.n_real, standing.value.n_fake, standing.reference.n_real, standing.reference.n_fake)
    return min((n for n in sizes if n is not None), default=FEWEST) < FEWEST
