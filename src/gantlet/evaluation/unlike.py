"""Are the held-out images like the real ones? References and the tests of copies rest on it."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import ShapeError
from gantlet.core.limits import memory_bytes
from gantlet.core.results.estimate import Estimate
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.class_differences import listed
from gantlet.evaluation.duplicates import duplicates, pictures
from gantlet.evaluation.findings import Findings
from gantlet.evaluation.groups import side_draws
from gantlet.evaluation.inference.intervals import quantile
from gantlet.evaluation.labels import class_names
from gantlet.evaluation.metrics.sharpness import of_images
from gantlet.evaluation.mode_counts import Assigned, mode_counts
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.neighbours import neighbours
from gantlet.evaluation.stats.ranks import apart, higher_ranks

UNBIASED = ("frechet_distance_debiased", "kernel_distance")
"""Distances whose mean is 0 between sets of one distribution."""
FAR = 3.5
"""Standard errors above 0 from which such a reference shows a difference: by chance once in 4,000."""
ROWS, FEWEST = 2000, 20
"""The most images of each side in the nearest-neighbour test, and the fewest."""
LOOKED_AT = 500
"""The most images of each side whose sharpness is compared."""
CHANCE, LINKED = 0.5, 1.5
"""The share of neighbours in the own set by chance; how much wider than independent its spread may be, as neighbours are mutual."""
TOLERATED = 0.01
BY_CHANCE = 1 / 4000
"""How often shares of classes show a difference by chance, over all classes: much is withheld for it."""


UNLIKE = "the held-out images are not like the real ones"


def without_held_out(findings: Findings) -> Findings:
    """Return findings without what rests on held-out images: references, and the tests of copies and outliers."""
    estimates = tuple(dataclasses.replace(each, reference=None, equal_n=None) for each in findings.estimates)
    return dataclasses.replace(findings, estimates=estimates, copies=None, outlier_test=None)


def unlike(space: Space, estimates: Sequence[Estimate]) -> str:
    """Return the line that says that the held-out images are of another distribution than the real ones; '' where nothing shows it.

    Their labels' shares are tested as the fakes' are (`mode_counts`), and so is an unbiased distance between them, where one was asked for;
    a nearest-neighbour test is made always.
    """
    if space.held_out is None or space.held_out is space.real:
        return ""
    sides = [_drawn(side, space.config) for side in (space.real, space.held_out)]
    dependent = space.config.groups != "none" or any(map(_repeats_itself, sides))  # such distances have no mean of 0
    distances = [] if dependent else _by_distance(estimates)
    parts = [*_by_labels(sides), *distances]
    parts += [line for test in (_by_neighbours, _by_ranks, _by_sharpness) for line in test(sides, space.config)]
    if not parts:
        return ""
    return (
        f"caution: {UNLIKE} ({'; '.join(parts)}): no reference and no test of near copies rests on "
        "them. Give held-out images drawn as the real ones were."
    )


@dataclass(frozen=True)
class _Drawn:
    """The independent rows of one side: one of each group that the user named; None where a statistics file has no rows."""

    rows: FeatureBank | None
    names: tuple[str, ...]


def _drawn(side: Side, config: EvaluateConfig) -> _Drawn:
    rows = side.bank.rows
    if rows is not None and config.groups != "none":
        rows = rows.take(np.flatnonzero(side_draws(side, config)))
    return _Drawn(rows, tuple(class_names(side.source)))


def _own_pictures(sides: Sequence[_Drawn]) -> list[FeatureBank]:
    """Return both sides' rows without pictures that the other side has too, and without repeated ones; [] where a side has no rows.

    The nearest neighbour of a picture that is stored twice is its twin, and so is that of one that both sides show.
    """
    banks = [side.rows for side in sides if side.rows is not None]
    if len(banks) < len(sides):
        return []
    known = pictures(*banks)
    kept = []
    for place, bank in enumerate(banks):
        seen = {picture for other, found in enumerate(known) if other != place for picture in found.values()}
        keep = np.ones(bank.n, dtype=bool)
        for row, picture in sorted(known[place].items()):
            keep[row] = picture not in seen
            seen.add(picture)
        kept.append(bank if keep.all() else bank.take(np.flatnonzero(keep)))
    return kept


def _repeats_itself(side: _Drawn) -> bool:
    """Return whether more than a hundredth of the rows repeat another: files that are stored twice are no independent draws."""
    return side.rows is not None and duplicates(side.rows) > TOLERATED * side.rows.n


def _by_neighbours(sides: Sequence[_Drawn], config: EvaluateConfig) -> list[str]:
    """Say where too many, or too few, of up to `ROWS` real or held-out images have their nearest neighbour in their own set.

    For sets of one distribution each share is ½, with a standard error of at most `LINKED`·½/√n. Both sides are looked at: rows that lie far from
    everything, as noise does, have their neighbours in the other set, and the accuracy over both is ½ again.
    """
    known = _own_pictures(sides)
    if len(known) < 2 or (n := min(ROWS, *(rows.n for rows in known))) < FEWEST:
        return []
    rng = numpy_stream(config.seed, "unlike")
    real, held_out = (rows.features[np.sort(rng.permutation(rows.n)[:n])] for rows in known)
    return own_neighbours(real, held_out, memory_bytes(config.memory))


def _by_ranks(sides: Sequence[_Drawn], config: EvaluateConfig) -> list[str]:
    """Say where the features of up to `ROWS` distinct real and held-out images differ in place or spread (`apart`): heavy tails hide nothing."""
    known = _own_pictures(sides)
    if len(known) < 2 or min(rows.n for rows in known) < 2 * FEWEST:
        return []
    rng = numpy_stream(config.seed, "unlike in ranks")
    real, held_out = (rows.features[np.sort(rng.permutation(rows.n)[:ROWS])] for rows in known)
    found = apart(real, held_out, rng)
    return (
        [f"their features differ in place or spread, {found:.1f} standard errors"]
        if found > quantile(1 - BY_CHANCE)
        else []
    )


def _by_sharpness(sides: Sequence[_Drawn], config: EvaluateConfig) -> list[str]:
    """Say where the held-out images are sharper, or less sharp, than the real ones: some extractors hardly see blur and noise.

    Up to `LOOKED_AT` images of each side, Mann and Whitney's test of their sharpness (mean ranks, so that no single image decides).
    """
    images = [side.rows.images for side in sides if side.rows is not None and side.rows.images is not None]
    if len(images) < 2 or min(map(len, images)) < FEWEST:
        return []
    rng = numpy_stream(config.seed, "unlike in sharpness")
    try:
        real, held_out = (of_images(some.take(rng.permutation(len(some))[:LOOKED_AT])) for some in images)
    except ShapeError:
        return []  # images of one or two pixels have no sharpness
    higher = higher_ranks(real, held_out)
    if abs(higher) <= quantile(1 - BY_CHANCE):
        return []
    return [
        f"they are {'sharper' if higher > 0 else 'less sharp'}, median {np.median(held_out):.3g} against {np.median(real):.3g}, "
        f"{abs(higher):.1f} standard errors"
    ]


def own_neighbours(real: Float32[np.ndarray, "n d"], held_out: Float32[np.ndarray, "n d"], memory: int) -> list[str]:
    """Return the line about the side whose nearest neighbours lie in its own set more, or less, often than chance gives; [] for none."""
    facts, bound = neighbours(real, held_out, k=1, memory=memory), FAR * LINKED * CHANCE / len(real) ** 0.5
    sides = {"real": (facts.real, facts.real_to_fake), "held-out": (facts.fake, facts.fake_to_real)}
    for name, (own, other) in sides.items():
        nearer = np.sign(other.distances[:, 0] - own.distances[:, 0])  # equally near: a half
        share = float((nearer.mean() + 1) / 2)
        if abs(share - CHANCE) > bound:
            return [
                f"{share:.0%} of the {name} images have their nearest neighbour in their own set, where chance is {CHANCE:.0%}"
            ]
    return []


def _by_labels(sides: Sequence[_Drawn]) -> list[str]:
    named = []
    for side in sides:
        if side.rows is None or side.rows.labels is None:
            return []
        names = side.names
        named.append(np.array([names[label] if 0 <= label < len(names) else str(label) for label in side.rows.labels]))
    known, numbers = np.unique(np.concatenate(named), return_inverse=True)
    classes = [str(name) for name in known]
    first, second = numbers[: len(named[0])], numbers[len(named[0]) :]
    found = mode_counts(Assigned(first), Assigned(second), classes, 1 - BY_CHANCE)
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
