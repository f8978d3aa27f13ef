"""C_T, the data-copying test: are fakes closer to the training images than held-out real images are?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.interfaces.metadata import NO_INFLUENCE
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
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


def mann_whitney(test: Float64[np.ndarray, " n"], fake: Float64[np.ndarray, " m"]) -> tuple[float, float]:
    """Return z = (U − nm/2)/√(nm(n + m + 1)/12), U = #{fake > test} + ½#{ties}, and the variance of z.

    Source: Mann & Whitney 1947; variance: DeLong, DeLong & Clarke-Pearson 1988, Eq. 5, scaled to z.
    """
    n, m = len(test), len(fake)
    above = _placements(np.sort(test), fake)
    below = 1 - _placements(np.sort(fake), test)
    scale = n * m / np.sqrt(n * m * (n + m + 1) / 12)
    variance = float(above.var(ddof=1) / m + below.var(ddof=1) / n)
    return float(scale * (above.mean() - 0.5)), float(scale**2 * variance)


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
    weights, variances, cells = [], [], []
    for cell in range(int(max(test_cells.max(initial=0), fake_cells.max(initial=0))) + 1):
        mine, yours = test[test_cells == cell], fake[fake_cells == cell]
        enough = len(yours) >= FEWEST and len(mine) >= 2
        z, variance = mann_whitney(mine, yours) if enough else (0.0, 0.0)
        weights.append(float(len(mine)) if enough else 0.0)
        variances.append(variance)
        cells.append(z if enough else None)
    if not sum(weights):
        raise TooFewSamples(
            f"data_copying needs a cell with {FEWEST} fakes and 2 test images; got {len(fake)} fakes and {len(test)} "
            "test images in all. Give more images"
        )
    share = np.array(weights) / sum(weights)
    value = float(sum(w * z for w, z in zip(share, cells, strict=True) if z is not None))
    return CopyingScore(value, float(np.square(share) @ variances), tuple(cells))


@METRICS.register(
    "data_copying",
    source="Meehan, Chaudhuri & Dasgupta 2020, arXiv:2004.05675",
    needs=("features",),
    unit="z score; far below 0: copies",
    lower_is_better=False,
    version=1,
    estimand="fresh test images and fakes, given the training images and their cells",
    unpaired=NO_INFLUENCE,
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
    interval = normal(score.value, score.variance, evidence.level)
    details = {"cells": list(score.cells), "components": basis.shape[1]}
    return Measurement(
        score.value, ("delta", *interval), Rows(train_rows.n + test_rows.n, fake.n), details=details, notes=notes
    )
