"""Are the held-out images like the real ones? References and the tests of copies rest on it."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from gantlet.core.results.estimate import Estimate
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.class_differences import listed
from gantlet.evaluation.compute import compute
from gantlet.evaluation.findings import Findings
from gantlet.evaluation.gather import between
from gantlet.evaluation.inference.intervals import quantile
from gantlet.evaluation.labels import class_names
from gantlet.evaluation.measurement import Absent
from gantlet.evaluation.mode_counts import mode_counts
from gantlet.evaluation.sides import Side, Space

UNBIASED = ("frechet_distance_debiased", "kernel_distance")
"""Distances whose mean is 0 between sets of one distribution."""
FAR = 3.5
"""Standard errors above 0 from which such a reference shows a difference: by chance once in 4,000."""
ROWS = 2000
"""Images of each side that are compared where no unbiased distance was asked for."""
BY_CHANCE = 1 / 4000
"""How often shares of classes show a difference by chance, over all classes: much is withheld for it."""


UNLIKE = "the held-out images are not like the real ones"


def without_held_out(findings: Findings) -> Findings:
    """Return findings without what rests on held-out images: references, and the tests of copies and outliers."""
    estimates = tuple(dataclasses.replace(each, reference=None, equal_n=None) for each in findings.estimates)
    return dataclasses.replace(findings, estimates=estimates, copies=None, outlier_test=None)


def unlike(space: Space, estimates: Sequence[Estimate]) -> str:
    """Return the line that says that the held-out images are of another distribution than the real ones; '' where nothing shows it.

    Their labels' shares are tested as the fakes' are (`mode_counts`), and so is an unbiased distance between them: the reference of one that
    was asked for, else the kernel distance.
    """
    if space.held_out is None or space.held_out is space.real:
        return ""
    asked = any(each.metric in UNBIASED and each.reference is not None for each in estimates)
    parts = [*_by_labels(space.real, space.held_out), *_by_distance(estimates if asked else _measured(space))]
    if not parts:
        return ""
    return (
        f"caution: {UNLIKE} ({'; '.join(parts)}): no reference and no test of near copies rests on "
        "them. Give held-out images drawn as the real ones were."
    )


def _measured(space: Space) -> list[Estimate]:
    """Return the kernel distance between up to `ROWS` real and held-out images, as the reference of one that was not asked for."""
    sides = [side.bank.rows for side in (space.real, space.held_out) if side is not None]
    if len(sides) < 2 or any(rows is None or rows.n < 2 for rows in sides):
        return []
    rng = numpy_stream(space.config.seed, "unlike")
    parts = [rows.take(np.sort(rng.permutation(rows.n)[:ROWS])) for rows in sides if rows is not None]
    evidence = between(space, parts[0], parts[1], Absent("not asked for"))
    return [dataclasses.replace(each, reference=each) for each in compute(evidence, ["kernel_distance"])]


def _by_labels(real: Side, held_out: Side) -> list[str]:
    sides = [(side.bank.rows, class_names(side.source)) for side in (real, held_out)]
    named = []
    for rows, names in sides:
        if rows is None or rows.labels is None:
            return []
        named.append(np.array([names[label] if 0 <= label < len(names) else str(label) for label in rows.labels]))
    known, numbers = np.unique(np.concatenate(named), return_inverse=True)
    classes = [str(name) for name in known]
    found = mode_counts(numbers[: len(named[0])], numbers[len(named[0]) :], classes, 1 - BY_CHANCE)
    kinds = {
        kind: [mode.name for mode in found if mode.verdict == kind] for kind in ("missing", "rare", "over-produced")
    }
    words = {"missing": "not among them", "rare": "too few", "over-produced": "too many"}
    return [f"classes {words[kind]}: {listed(names)}" for kind, names in kinds.items() if names]


def _by_distance(estimates: Sequence[Estimate]) -> list[str]:
    lines = []
    for estimate in estimates:
        reference = estimate.reference
        if estimate.metric not in UNBIASED or reference is None or reference.value is None or reference.low is None:
            continue
        error = (reference.value - reference.low) / quantile(reference.level)
        if reference.value > FAR * error > 0:
            lines.append(
                f"{estimate.metric} between them is {reference.value:.3g}, {reference.value / error:.1f} standard errors"
            )
    return lines
