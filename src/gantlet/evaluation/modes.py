"""Modes of an evaluation: which class or cluster each image falls into, what is missing, and where variety is lost."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from gantlet.core.results.report import ModeCount
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.holm import holm
from gantlet.evaluation.mode_counts import medoids, mode_counts
from gantlet.evaluation.variety import variety

CLUSTERS = 20
FITTED = 20_000
COLLAPSED = 0.8
"""A mode counts as collapsed where the ratio of its variety is below this, and beyond chance."""


@dataclass(frozen=True)
class Modes:
    """The mode of each real and each fake image, their names, and the row of each mode's most typical real image."""

    real: Int64[np.ndarray, " n"]
    fake: Int64[np.ndarray, " m"]
    names: tuple[str, ...]
    medoids: Int64[np.ndarray, " k"]


def assign(evidence: Evidence) -> Modes | None:
    """Assign images to the known modes of a mixture, to classes where the extractor names the data's own classes, else to clusters of the real features.

    None where there are fewer than forty real images and no classes.
    """
    real, fake, classes = evidence.real, evidence.fake, evidence.classes
    if evidence.mixture is not None:
        sides = [evidence.mixture.nearest(bank.features)[0] for bank in (real, fake)]
        names = tuple(f"mode {j}" for j in range(evidence.mixture.n_modes))
    elif (
        real.probabilities is not None
        and fake.probabilities is not None
        and real.probabilities.shape[1] == len(classes)
    ):
        sides = [bank.probabilities.argmax(1) for bank in (real, fake) if bank.probabilities is not None]
        names = classes
    else:
        from sklearn.cluster import KMeans

        k = min(CLUSTERS, real.n // 20)
        if k < 2:
            return None
        fitting = min(FITTED, max(20 * k, evidence.memory // (64 * real.dim)))  # k-means holds four copies of them
        rows = numpy_stream(evidence.seed, "clusters").permutation(real.n)[:fitting]
        fitted = KMeans(k, n_init=1, random_state=evidence.seed % 2**32).fit(real.features[rows])
        sides = [fitted.predict(bank.features).astype(np.int64) for bank in (real, fake)]
        names = tuple(f"cluster {i + 1}" for i in range(k))
    return Modes(sides[0], sides[1], names, medoids(real.features, sides[0], len(names)))


def counted(evidence: Evidence, modes: Modes) -> tuple[ModeCount, ...]:
    """Count the modes, test their shares, and compare the variety inside each with that of real images.

    A mode is collapsed where its fakes lie closer to each other than as many real images of it (ratio below 0.8) and
    the test is significant at 1 − level after Holm's correction.
    """
    counts = mode_counts(modes.real, modes.fake, modes.names, evidence.level)
    inside = [
        variety(
            evidence.real.features[modes.real == k],
            evidence.fake.features[modes.fake == k],
            numpy_stream(evidence.seed, f"variety {k}"),
        )
        for k in range(len(counts))
    ]
    p_values = np.array([1.0 if spread is None else spread.p_value for spread in inside])
    beyond_chance = holm(p_values, 1 - evidence.level)
    return tuple(
        count
        if spread is None
        else dataclasses.replace(count, variety=spread.ratio, collapsed=bool(significant and spread.ratio < COLLAPSED))
        for count, spread, significant in zip(counts, inside, beyond_chance, strict=True)
    )
