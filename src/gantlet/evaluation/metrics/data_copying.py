"""C_T, the data-copying test: are fakes closer to the training images than held-out real images are?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.clusters import clusters
from gantlet.evaluation.stats.gaussian import eigenbasis
from gantlet.evaluation.stats.moments import Moments

CELLS = 3
COMPONENTS = 64
FEWEST = 20
CAP = 10_000


@dataclass(frozen=True)
class CopyingScore:
    """C_T, its variance, and the z-score of each cell that has enough fakes and tests (None elsewhere)."""

    value: float
    variance: float
    cells: tuple[float | None, ...]
    influence: Influence
    """At every test and fake row, 0 in cells that have too few."""


def mann_whitney(test: Float64[np.ndarray, " n"], fake: Float64[np.ndarray, " m"]) -> tuple[float, Influence]:
    """Return z = (U − nm/2)/√(nm(n + m + 1)/12), U = #{fake > test} + ½#{ties}, and its influence function, centred.

    Source: Mann & Whitney 1947; variance: DeLong, DeLong & Clarke-Pearson 1988, Eq. 5, scaled to z.
    """
    n, m = len(test), len(fake)
    above = _placements(np.sort(test), fake)
    below = 1 - _placements(np.sort(fake), test)
    scale = n * m / np.sqrt(n * m * (n + m + 1) / 12)
    influence = Influence(scale * (below - below.mean()), scale * (above - above.mean()))
    return float(scale * (above.mean() - 0.5)), influence


def _placements(ordered: Float64[np.ndarray, " n"], values: Float64[np.ndarray, " m"]) -> Float64[np.ndarray, " m"]:
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(ordered))


def data_copying(
    test: Float64[np.ndarray, " n"],
    fake: Float64[np.ndarray, " m"],
    test_cells: Int64[np.ndarray, " n"],
    fake_cells: Int64[np.ndarray, " m"],
) -> CopyingScore:
    """Return C_T = Σ_π P_n(π) z_π / Σ_π P_n(π) over cells π with 20 fakes and 2 test rows or more.

    Args: distances to the nearest training row of n test and m fake rows, and the cell of each.
    Returns: ≪ 0: copied, ≫ 0: far from the data. Raises: TooFewSamples (no cell has enough of both).
    Source: Meehan, Chaudhuri & Dasgupta 2020, arXiv:2004.05675, Eq. 1 and Sec. 3 (τ = 20/m).
    """
    count = int(max(test_cells.max(initial=0), fake_cells.max(initial=0))) + 1
    sizes = [np.bincount(side, minlength=count) for side in (test_cells, fake_cells)]
    enough = (sizes[0] >= 2) & (sizes[1] >= FEWEST)
    if not enough.any():
        raise TooFewSamples(
            f"data_copying needs a cell with {FEWEST} fakes and 2 test images; got {counted(len(fake), 'fake')} and "
            f"{counted(len(test), 'test image')} in all. Give more images"
        )
    share = np.where(enough, sizes[0], 0) / sizes[0][enough].sum()
    of_test, of_fake = np.zeros(len(test)), np.zeros(len(fake))
    value = variance = 0.0
    cells: list[float | None] = [None] * count
    for cell in np.flatnonzero(enough):
        rows = test_cells == cell, fake_cells == cell
        z, found = mann_whitney(test[rows[0]], fake[rows[1]])
        of_test[rows[0]] = found.real * share[cell] * len(test) / sizes[0][cell]
        of_fake[rows[1]] = found.fake * share[cell] * len(fake) / sizes[1][cell]
        cells[int(cell)] = z
        value, variance = value + share[cell] * z, variance + share[cell] ** 2 * found.variance
    return CopyingScore(float(value), float(variance), tuple(cells), Influence(of_test, of_fake))


def influence(evidence: Evidence) -> Influence:
    """Return the influence function of C_T at the test and the fake rows, with T and its cells as given."""
    return _scored(evidence)[0].influence


def _scored(evidence: Evidence) -> tuple[CopyingScore, int, Rows, tuple[str, ...]]:
    """Return the score, the number of principal components, the rows used, and notes."""
    from sklearn.neighbors import NearestNeighbors

    fake = evidence.sample(CAP)[1]
    train_rows, test_rows, notes = evidence.train_and_test(CAP // 2)
    train, test = train_rows.features, test_rows.features
    if len(train) <= CELLS or len(test) < 2:
        raise TooFewSamples(
            f"data_copying needs {CELLS + 1} training and 2 test images; got {len(train)} and {len(test)}. Give more images"
        )
    moments = Moments.of(train)
    basis = eigenbasis(moments, COMPONENTS)[1]
    sides = [((side - moments.mean) @ basis).astype(np.float32) for side in (train, test, fake.features)]
    cells = clusters(sides[0], (sides[1], sides[2]), CELLS, numpy_stream(evidence.seed, "copying-cells"))
    index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(sides[0].astype(np.float64))
    distances = [index.kneighbors(side.astype(np.float64))[0][:, 0] for side in sides[1:]]
    score = data_copying(distances[0], distances[1], cells[0], cells[1])
    return score, basis.shape[1], Rows(train_rows.n + test_rows.n, fake.n), notes


@METRICS.register(
    "data_copying",
    source="Meehan, Chaudhuri & Dasgupta 2020, arXiv:2004.05675",
    needs=("features",),
    unit="z score; far below 0: copies",
    lower_is_better=False,
    version=1,
    estimand="fresh test images and fakes, given the training images and their cells",
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """C_T: a z-score, far below 0 where fakes lie closer to the training images than held-out real images do.

    T are the training images, and the test set unseen real ones; where they are not known, two random halves of the
    real images play both (seeded). All are projected
    on T's 64 leading principal components; in each of 3 k-means cells of T the distances of fakes and of test images
    to their nearest image of T are compared by Mann–Whitney's z; C_T is the mean weighted by the test images' shares.

    Interval: delta, from DeLong's variance of each Mann–Whitney statistic, with T and the cells fixed.

    When it lies: with halves, copies of the half that plays the test set are not seen, which halves its power. A good model scores about 0 (sd below 1), but
    so does one that copies half its images and blurs the others. Bad images score high: above 0 is no praise.

    Source: Meehan, Chaudhuri & Dasgupta 2020, arXiv:2004.05675, Eq. 1; settings of Jiralerspong et al. 2023.
    """
    score, components, rows, notes = _scored(evidence)
    interval = normal(score.value, score.variance, evidence.level)
    details = {"cells": list(score.cells), "components": components}
    return Measurement(score.value, ("delta", *interval), rows, details=details, notes=notes)
