"""One metric over several runs of a method: mean and interval, the range of a new run, and where the variance comes from."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float64

from gantlet.core.processes import processes
from gantlet.core.results.estimate import Estimate, is_share
from gantlet.core.results.runs import RunsEstimate, Split
from gantlet.data.kinds import Source
from gantlet.evaluation.assemble import warnings_of
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.extraction import extract_generated
from gantlet.evaluation.gather import evidence_of
from gantlet.evaluation.inference.difference import interval_variance, mean_variance
from gantlet.evaluation.inference.runs import OverRuns, over_runs
from gantlet.evaluation.influences import influence_of
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.sides import Side, Space

FRESH = "fresh training runs, their images and fresh real images of these numbers"
THESE = "fresh training runs and their images of this number, given these real images"


@dataclass(frozen=True, eq=False)
class Parts:
    """The variance of one run's number that is not training's: of its own images, and of the real images.

    ``real``: the influence function at the real rows, whose mean over runs tells what the shared real images do to the mean of
    the runs; None where only its variance is known.
    """

    sampling: float
    reference: float
    real: Float64[np.ndarray, " n"] | None = None


@dataclass(frozen=True, eq=False)
class MeasuredRuns:
    """Several runs against the same real images: their names, every run's estimates, and of each the parts of its variance, by title."""

    names: tuple[str, ...]
    estimates: list[tuple[Estimate, ...]]
    parts: list[dict[str, Parts | None]]
    warnings: tuple[str, ...] = ()

    def over_runs(self, level: float) -> tuple[list[RunsEstimate], dict[str, str]]:
        """Return every metric over the runs, and why others have no number."""
        found: list[RunsEstimate] = []
        left_out: dict[str, str] = {}
        for each in zip(*self.estimates, strict=True):
            title = each[0].title
            result = combined(each, [parts[title] for parts in self.parts], level)
            if isinstance(result, str):
                left_out[title] = result
            else:
                found.append(result)
        return found, left_out


def measure_runs(spaces: Sequence[Space], sources: Sequence[Source]) -> MeasuredRuns:
    """Return the estimates of several runs, without references and diagnosis, as a comparison of methods needs them."""
    estimates, parts, warnings = [], [], list[str]()
    for place, source in enumerate(sources):
        sides = extract_generated(spaces, source)
        mine, known = processes().first(partial(_measured, spaces, sides))
        estimates.append(mine)
        parts.append(known)
        warnings += warnings_of(spaces[0], sides[0], source.spec)
        spaces[0].progress("runs", place + 1, len(sources))
    return MeasuredRuns(tuple(source.spec for source in sources), estimates, parts, tuple(dict.fromkeys(warnings)))


def _measured(spaces: Sequence[Space], sides: Sequence[Side]) -> tuple[tuple[Estimate, ...], dict[str, Parts | None]]:
    estimates: list[Estimate] = []
    parts: dict[str, Parts | None] = {}
    for space, side in zip(spaces, sides, strict=True):
        names = metric_names(space.config, space.name, own_classes=space.own_classes)
        evidence = evidence_of(space, side, names)
        mine = [dataclasses.replace(estimate, features=space.name) for estimate in compute(evidence, names)]
        parts |= {estimate.title: parts_of(evidence, estimate) for estimate in mine}
        estimates += mine
    return tuple(estimates), parts


def parts_of_runs(
    spaces: Sequence[Space], sides: Sequence[Side], estimates: Sequence[Estimate]
) -> dict[str, Parts | None]:
    """Return the parts of the variance of every estimate of one run, by title."""
    found: dict[str, Parts | None] = {}
    for space, side in zip(spaces, sides, strict=True):
        mine = [estimate for estimate in estimates if estimate.features == space.name]
        evidence = evidence_of(space, side, [estimate.metric for estimate in mine])
        found |= {estimate.title: parts_of(evidence, estimate) for estimate in mine}
    return found


def parts_of(evidence: Evidence, estimate: Estimate) -> Parts | None:
    """Return the parts of an estimate's variance; None for a metric without an influence function.

    Near the null, where the first order vanishes and the interval is a permutation's, its variance is split as 1/m : 1/n.
    """
    influence = influence_of(evidence, estimate)
    if influence is None:
        return None
    further = float(estimate.details.get("further_variance", 0.0))
    n, m = estimate.n_real or 0, estimate.n_fake or 0
    if estimate.interval == "permutation" and n and m:
        variance = interval_variance(estimate) or 0.0
        return Parts(variance * n / (n + m) + further, variance * m / (n + m))
    own = mean_variance(influence.fake) + further
    if influence.real is None:  # what the interval has beyond the fakes' part
        return Parts(own, max(0.0, (interval_variance(estimate) or 0.0) - own))
    return Parts(own, mean_variance(influence.real), influence.real)


def shared_variance(parts: Sequence[Parts], others: Sequence[Parts] = ()) -> float:
    """Return the variance that the shared real images give to the mean over runs, less the mean over ``others``.

    Where the influence at every real row is known: that of the mean influence, less that of the others'. Elsewhere the mean of
    the variances of ``parts`` (of a difference: 0, as methods that are alike near the null move together).
    """
    every = [*parts, *others]
    rows = [part.real for part in every if part.real is not None]
    if len(rows) == len(every) and len({len(row) for row in rows}) == 1:
        mean = np.mean(rows[: len(parts)], axis=0)
        return mean_variance(mean - np.mean(rows[len(parts) :], axis=0) if others else mean)
    return 0.0 if others else float(np.mean([part.reference for part in parts]))


def combined(estimates: Sequence[Estimate], parts: Sequence[Parts | None], level: float) -> RunsEstimate | str:
    """Return one metric over runs, or why there is none: it is undefined in a run."""
    for place, estimate in enumerate(estimates, 1):
        if estimate.value is None:
            return f"run {place}: {'; '.join(estimate.notes)}"
    known = [part for part in parts if part is not None]
    split = len(known) == len(parts)
    sampling = float(np.mean([part.sampling for part in known])) if split else None
    shared = shared_variance(known) if split else None
    result = over_runs([estimate.value or 0.0 for estimate in estimates], sampling, shared, level)
    found = None
    if split and result.training is not None:
        found = Split(result.training, sampling or 0.0, float(np.mean([part.reference for part in known])))
    ends = _possible(estimates[0], result.new_low, result.new_high)
    return RunsEstimate(_mean(estimates, result, level, split), tuple(estimates), *ends, found)


def _possible(like: Estimate, low: float, high: float) -> tuple[float, float]:
    """Return the ends of an interval within the numbers that there are: shares in [0, 1], of classes 0 to all."""
    most = 1.0 if is_share(like.unit) else like.details.get("classes") if like.unit == "classes" else None
    return (low, high) if most is None else (max(0.0, low), min(float(most), high))


def _mean(estimates: Sequence[Estimate], result: OverRuns, level: float, split: bool) -> Estimate:
    """Return the mean over runs as an estimate, with the mean of what stands beside the reference."""
    first = estimates[0]
    beside = [estimate.equal_n for estimate in estimates if estimate.equal_n is not None]
    resized = None
    values = [each.value for each in beside if each.value is not None]
    if len(values) == len(estimates):
        at_n = over_runs(values, None, result.reference, level)
        resized = _of(beside[0], at_n, level, split)
    return dataclasses.replace(_of(first, result, level, split), reference=first.reference, equal_n=resized)


def _of(like: Estimate, result: OverRuns, level: float, split: bool) -> Estimate:
    low, high = _possible(like, result.low, result.high)
    notes = (
        ()
        if split
        else ("no influence function: the interval is about these real images, and its variance has no split",)
    )
    return dataclasses.replace(
        like, value=result.mean, low=low, high=high, interval="runs", level=level, reference=None, equal_n=None,
        details={key: like.details[key] for key in ("aim", "margin") if key in like.details},
        notes=notes, estimand=FRESH if split else THESE,
    )  # fmt: skip
