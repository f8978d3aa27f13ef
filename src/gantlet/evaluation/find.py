"""Find what there is to say in one feature space: estimates with their references, modes, copies, outliers."""

import dataclasses
import time

import numpy as np
from jaxtyping import Bool

from gantlet.core.errors import TooFewSamples
from gantlet.core.limits import memory_bytes
from gantlet.core.numerics.mapped import return_freed_memory
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.misses import Miss, misses
from gantlet.core.results.report import ClassShare, ModeCount
from gantlet.evaluation.compute import compute
from gantlet.evaluation.copies import Closeness, CopyRatios, TailTest, copy_ratios, copy_test, outlier_test
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.findings import Far, Findings, Pair
from gantlet.evaluation.gather import evidence_of
from gantlet.evaluation.groups import side_draws
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.labels import class_names
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.mode_counts import unmatched_names
from gantlet.evaluation.modes import Modes, assign, count_modes, counted_by_label, shares
from gantlet.evaluation.once import found_once
from gantlet.evaluation.references import beside, trials
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.alignment import Aligned
from gantlet.evaluation.stats.draws import one_of_each
from gantlet.evaluation.thumbnails import closeness

SUSPECTS = 12
OUTLIERS = 8
EXAMPLES = 7


@found_once
def find(space: Space, fake: Side) -> Findings:
    """Return what is found about some fakes; computed by the first process only, and only where the cache has it not."""
    names = metric_names(space.config, space.name, own_classes=space.own_classes)
    evidence = evidence_of(space, fake, names)
    started = time.perf_counter()
    estimates = compute(evidence, names, progress=space.counted("metrics", len(names)))
    space.seconds["metrics"] = space.seconds.get("metrics", 0.0) + time.perf_counter() - started
    started = time.perf_counter()
    found: dict[str, dict[str, list[Estimate]]] = {}
    for trial in trials(space, fake, evidence, estimates, names):
        computed = compute(trial.evidence, trial.specs, progress=space.counted("references", len(trial.specs)))
        for spec, estimate in zip(trial.specs, computed, strict=True):
            found.setdefault(trial.of, {}).setdefault(spec, []).append(estimate)
        del trial  # it holds copies of rows
    space.seconds["references"] = time.perf_counter() - started
    return_freed_memory()
    referred = beside(space, fake.bank.n, estimates, names, found)
    return _diagnosed(space, fake, evidence, referred)


def _diagnosed(space: Space, fake: Side, evidence: Evidence, estimates: tuple[Estimate, ...]) -> Findings:
    """Return the estimates with the diagnosis that the kind of the data allows."""
    if space.train.bank.rows is None or not evidence.has_rows:
        return Findings(estimates, (), (), None, None, (), ())  # statistics files have no rows to look among
    modes, counts, classes, estimated = _counts(space, fake, evidence)
    if fake.source.kind == "points":
        return Findings(estimates, counts, (), None, None, (), (), classes, estimated)
    space.progress("search for copies and outliers", 0, 1)
    memory, train = memory_bytes(space.config.memory), space.train.rows.features
    ratios = copy_ratios(train, fake.rows.features, memory)
    draws = _one_of_each(space, fake, ratios)
    unseen, copies, suspects = None, None, _suspects(ratios)
    if space.test:
        unseen, honest = _unseen(space, space.test)
        copies, suspects = _copies(space, fake, ratios, unseen, (draws, honest))
    space.progress("search for copies and outliers", 1, 1)
    return Findings(
        estimates,
        counts,
        _examples(modes) if modes else (),
        copies,
        outlier_test(ratios, unseen, draws) if unseen else None,
        suspects,
        (*_far_fakes(ratios), *_missed(evidence)),
        classes,
        estimated,
    )


def _counts(
    space: Space, fake: Side, evidence: Evidence
) -> tuple[Modes | None, tuple[ModeCount, ...], tuple[ModeCount, ...], tuple[ClassShare, ...]]:
    """Return the modes, both sides counted by them and by their labels, and the estimated shares of the real images' classes."""
    modes = assign(evidence)
    counts = count_modes(evidence, modes) if modes else ()
    classes = counted_by_label(evidence)  # what is counted need not be estimated
    if not space.config.classes:
        classes = unmatched_names(classes, class_names(space.real.source), class_names(fake.source))
    estimated = shares(evidence, modes) if modes and not classes and _same_names(space) else ()
    return modes, counts, classes, estimated


def missed_by(space: Space, fake: Side) -> tuple[Miss, ...]:
    """Return what one side of a comparison misses, as a report on it says; nothing without rows to look among."""
    evidence = evidence_of(space, fake, metric_names(space.config, space.name, own_classes=space.own_classes))
    if space.train.bank.rows is None or not evidence.has_rows:
        return ()
    _, counts, classes, estimated = _counts(space, fake, evidence)
    return misses(counts, classes, estimated, space.real.rows.n, fake.rows.n)


def near_copies(space: Space, fake: Side) -> TailTest | None:
    """Return the test of near copies in a comparison; None without rows or unseen images, and for points."""
    if space.test is None or fake.source.kind == "points":
        return None
    if any(side.bank.rows is None for side in (space.train, space.test, fake)):
        return None
    memory, train = memory_bytes(space.config.memory), space.train.rows.features
    ratios = copy_ratios(train, fake.rows.features, memory)
    unseen, honest = _unseen(space, space.test)
    return _copies(space, fake, ratios, unseen, (_one_of_each(space, fake, ratios), honest))[0]


def _unseen(space: Space, test: Side) -> tuple[CopyRatios, Bool[np.ndarray, " m"]]:
    """Return how close the unseen images lie to the training images, those that are independent draws as the fakes', and which these are."""
    memory = memory_bytes(space.config.memory)
    found = copy_ratios(space.train.rows.features, test.rows.features, memory)
    rows = _one_of_each(space, test, found)
    kept = dataclasses.replace(
        found, ratio=found.ratio[rows], distance=found.distance[rows], nearest=found.nearest[rows]
    )
    return kept, rows


def _one_of_each(space: Space, side: Side, ratios: CopyRatios) -> Bool[np.ndarray, " m"]:
    """Return which images of a side are independent draws: one of each group, and of the versions of one picture one."""
    rows = np.flatnonzero(side_draws(side, space.config))
    keep = np.zeros(side.rows.n, dtype=bool)
    keep[rows] = one_of_each(side.rows.features[rows], ratios.nearest[rows], ratios.distance[rows])
    return keep


def _same_names(space: Space) -> bool:
    """Return whether the unseen images number their classes as the real ones do."""
    return space.test is None or class_names(space.test.source) == class_names(space.real.source)


def _copies(
    space: Space,
    fake: Side,
    ratios: CopyRatios,
    unseen: CopyRatios,
    draws: tuple[Bool[np.ndarray, " m"], Bool[np.ndarray, " k"]],
) -> tuple[TailTest, tuple[Pair, ...]]:
    """Return the test of near copies in the space of the features and in that of pixels, and the pairs to look at.

    ``draws``: the fakes that are tested, and the unseen images; the others are further versions of their pictures.
    """
    by_features = Closeness("features", ratios.ratio, unseen.ratio, unseen.own, draws=draws[0])
    pixels = closeness(space, fake, draws[1])
    if pixels is None:
        return copy_test(by_features), _suspects(ratios)
    found = copy_test(by_features, dataclasses.replace(pixels[0], draws=draws[0]))
    return found, _suspects(pixels[1] if found.space == "pixels" and found.p_value < ALPHA else ratios)


def _suspects(ratios: CopyRatios | Aligned) -> tuple[Pair, ...]:
    order = np.argsort(ratios.ratio, kind="stable")[:SUSPECTS]
    return tuple(
        Pair(int(row), int(ratios.nearest[row]), float(ratios.distance[row]), float(ratios.ratio[row])) for row in order
    )


def _far_fakes(ratios: CopyRatios) -> tuple[Far, ...]:
    order = np.argsort(-ratios.ratio, kind="stable")[:OUTLIERS]
    return tuple(Far("fake", int(row), float(ratios.ratio[row])) for row in order)


def _missed(evidence: Evidence) -> tuple[Far, ...]:
    """Return the real images that lie farthest from every fake, in units of the distance to their own k-th neighbour.

    None where there are too few images for neighbours at all; the metrics that need them then say so.
    """
    try:
        facts = evidence.neighbours
    except TooFewSamples:
        return ()
    own = facts.real.distances[:, -1]
    typical = float(np.median(own[own > 0])) if (own > 0).any() else 1.0
    ratio = facts.real_to_fake.distances[:, 0] / np.where(own > 0, own, typical)
    order = np.argsort(-ratio, kind="stable")[:OUTLIERS]
    return tuple(Far("real", int(row), float(ratio[row])) for row in order)


def _examples(modes: Modes) -> tuple[tuple[int, ...], ...]:
    fakes = [np.flatnonzero(modes.fake == k)[:EXAMPLES] for k in range(len(modes.names))]
    return tuple((int(modes.medoids[k]), *(int(row) for row in rows)) for k, rows in enumerate(fakes))
