"""Modes of an evaluation: which class or cluster each image falls into, what is missing, and where variety is lost."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Bool, Float32, Int64

from gantlet.core.numerics.distances import row_chunks
from gantlet.core.numerics.mapped import return_freed_memory
from gantlet.core.results.report import ClassShare, ModeCount
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.groups import draws_of
from gantlet.evaluation.inference.holm import ALPHA, holm
from gantlet.evaluation.measurement import Absent
from gantlet.evaluation.mode_counts import Assigned, medoids, mode_counts
from gantlet.evaluation.quantify import class_shares
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.variety import Variety, variety

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

CLUSTERS = 20
FITTED = 20_000
LEAST = 10
"""The fewest independent images per cluster that clusters are fitted to."""
COLLAPSED = 0.8
"""A mode counts as collapsed where the ratio of its variety is below this, and beyond chance."""


@dataclass(frozen=True)
class Modes:
    """The mode of each real and each fake image, their names, and the row of each mode's most typical real image."""

    real: Int64[np.ndarray, " n"]
    fake: Int64[np.ndarray, " m"]
    names: tuple[str, ...]
    medoids: Int64[np.ndarray, " k"]
    known: Literal["modes", "classes", "clusters"]
    """Where they come from: a mixture, an extractor's classes, clusters of real features."""
    fresh: Bool[np.ndarray, " n"]
    """The real rows that had no part in making the modes: clusters fit the rows that they are made from better than any others."""


def assign(evidence: Evidence) -> Modes | None:
    """Assign images to the known modes of a mixture, to classes where the extractor names the data's own classes, else to clusters.

    Clusters are fitted to the unseen real images or, where there are none, to a half of the real ones; the other half is
    counted. A cluster of which more than half the real images have one label is called by it. None where there are fewer
    than forty real images and no classes.
    """
    real, fake, classes = evidence.real, evidence.fake, evidence.classes
    known: Literal["modes", "classes", "clusters"]
    fresh = np.ones(real.n, dtype=bool)
    if evidence.mixture is not None:
        sides = [evidence.mixture.nearest(bank.features)[0] for bank in (real, fake)]
        names, known = tuple(f"mode {j}" for j in range(evidence.mixture.n_modes)), "modes"
    elif (
        real.probabilities is not None
        and fake.probabilities is not None
        and real.probabilities.shape[1] == len(classes)
    ):
        sides = [bank.probabilities.argmax(1) for bank in (real, fake) if bank.probabilities is not None]
        names, known = classes, "classes"
    else:
        from sklearn.cluster import KMeans

        k = min(CLUSTERS, int(draws_of(real, evidence.seed).sum()) // 20)
        if k < 2:
            return None
        made_of, fresh = _made_of(evidence, k)
        fitting = min(FITTED, max(20 * k, evidence.memory // (64 * real.dim)))  # k-means holds four copies of them
        rows = numpy_stream(evidence.seed, "clusters").permutation(len(made_of))[:fitting]
        fitted = KMeans(k, n_init=1, random_state=evidence.seed % 2**32).fit(made_of[rows])
        sides = [_predicted(fitted, bank) for bank in (real, fake)]
        known = "clusters"
        names = tuple(f"cluster {i + 1}{_mostly(evidence, sides[0] == i)}" for i in range(k))
    return Modes(sides[0], sides[1], names, medoids(real.features, sides[0], len(names)), known, fresh)


def _made_of(evidence: Evidence, k: int) -> tuple[Float32[np.ndarray, "m d"], Bool[np.ndarray, " n"]]:
    """Return the features that k clusters are fitted to, and which real rows are none of them."""
    real, test = evidence.real, evidence.test
    if test is not None and test is not real and draws_of(test, evidence.seed).sum() >= LEAST * k:
        return test.features, np.ones(real.n, dtype=bool)
    groups = np.arange(real.n) if real.groups is None else np.unique(real.groups, return_inverse=True)[1]
    count = int(groups.max()) + 1
    fresh = np.isin(groups, numpy_stream(evidence.seed, "halves").permutation(count)[: count // 2])
    return real.features[~fresh], fresh


def _predicted(fitted: "KMeans", bank: FeatureBank) -> Int64[np.ndarray, " n"]:
    parts = [fitted.predict(bank.features[rows]) for rows in row_chunks(bank.n)]
    bank.forget_pages()
    return np.concatenate(parts).astype(np.int64)


def _mostly(evidence: Evidence, rows: Bool[np.ndarray, " n"]) -> str:
    """Return the class of more than half of some real rows in words, where labels tell it; else ''."""
    if evidence.real.labels is None or not rows.any():
        return ""
    classes, counts = np.unique(evidence.real.labels[rows], return_counts=True)
    if 2 * counts.max() <= counts.sum():
        return ""
    return f" (mostly {_label_name(evidence, int(classes[counts.argmax()]))})"


def _label_name(evidence: Evidence, label: int) -> str:
    names = evidence.label_names
    return names[label] if label < len(names) else str(label)


def counted_by_label(evidence: Evidence) -> tuple[ModeCount, ...]:
    """Count both sides' labels by class, test each class's share and its variety: no network is asked for the classes.

    () where a side has no labels, or no class of the same name, and where the modes of a mixture are known.
    """
    real, fake = evidence.real.labels, evidence.fake.labels
    unmatched = isinstance(evidence.given.get("labels"), Absent)
    if real is None or fake is None or unmatched or evidence.mixture is not None:
        return ()
    count = max(len(evidence.label_names), int(real.max(initial=-1)) + 1, int(fake.max(initial=-1)) + 1)
    names = tuple(_label_name(evidence, label) for label in range(count))
    counts = _counted(evidence, real, fake, names, np.ones(evidence.real.n, dtype=bool))
    return tuple(found for found in counts if found.n_real or found.n_fake)


def shares(evidence: Evidence, modes: Modes) -> tuple[ClassShare, ...]:
    """Return each class's share of the fakes as clusters, or a classifier on images that it has not seen, show it.

    () without labels of real images, and for a classifier without labelled unseen ones.
    """
    bank, symbols, fresh = evidence.real, modes.real, modes.fresh
    if modes.known == "classes":
        if evidence.test is None or evidence.test is evidence.real or evidence.test.probabilities is None:
            return ()
        bank, symbols = evidence.test, evidence.test.probabilities.argmax(1)
        fresh = np.ones(bank.n, dtype=bool)
    if modes.known == "modes" or bank.labels is None:
        return ()
    names = [_label_name(evidence, label) for label in range(int(bank.labels.max(initial=0)) + 1)]
    known, fakes = (draws_of(side, evidence.seed) for side in (bank, evidence.fake))
    known &= fresh
    return class_shares(symbols[known], bank.labels[known], modes.fake[fakes], names)


def count_modes(evidence: Evidence, modes: Modes) -> tuple[ModeCount, ...]:
    """Count the modes, test their shares, and compare the variety inside each with that of real images.

    A mode is collapsed where its fakes lie closer to each other than as many real images of it (ratio below 0.8) and
    the test is significant at 1 % after Holm's correction.
    """
    return _counted(evidence, modes.real, modes.fake, modes.names, modes.fresh)


def _counted(
    evidence: Evidence,
    real: Int64[np.ndarray, " n"],
    fake: Int64[np.ndarray, " m"],
    names: tuple[str, ...],
    fresh: Bool[np.ndarray, " n"],
) -> tuple[ModeCount, ...]:
    groups = evidence.real.groups
    of_real = Assigned(real[fresh], None if groups is None else groups[fresh])
    tested = mode_counts(of_real, Assigned(fake, evidence.fake.groups), names)
    counts = [one if fresh.all() else _whole(one, int((real == k).sum())) for k, one in enumerate(tested)]
    chosen = [draws_of(bank, evidence.seed) for bank in (evidence.real, evidence.fake)]
    grouped = (
        evidence.real.groups is not None
    )  # pictures that fakes repeat are a lack of variety, and not a reason to leave them out
    drawn = np.where(chosen[0], real, -1), np.where(chosen[1] | (not grouped), fake, -1)
    inside = [
        _variety(evidence, np.flatnonzero(drawn[0] == k), np.flatnonzero(drawn[1] == k), k) for k in range(len(counts))
    ]
    p_values = np.array([1.0 if spread is None else spread.p_value for spread in inside])
    beyond_chance = holm(p_values, ALPHA)
    return tuple(
        count
        if spread is None
        else dataclasses.replace(count, variety=spread.ratio, collapsed=bool(significant and spread.ratio < COLLAPSED))
        for count, spread, significant in zip(counts, inside, beyond_chance, strict=True)
    )


def _whole(tested: ModeCount, n_real: int) -> ModeCount:
    """Return what was found of a mode's tested images, with the count of all real ones."""
    return dataclasses.replace(tested, n_real=n_real, draws=tested.tested)


def _variety(
    evidence: Evidence, real: Int64[np.ndarray, " a"], fake: Int64[np.ndarray, " b"], k: int
) -> Variety | None:
    chance = numpy_stream(evidence.seed, f"variety {k}")
    found = variety(evidence.real.features, evidence.fake.features, chance, (real, fake))
    for bank in (evidence.real, evidence.fake):
        bank.forget_pages()
    return_freed_memory()
    return found
