"""On how many rows the spread of features rests: a margin that one outlier makes says nothing."""

import numpy as np
from jaxtyping import Float64

from gantlet.core.numerics.distances import row_chunks
from gantlet.evaluation.stats.feature_bank import FeatureBank

FEWEST_CARRIERS = 10
"""The effective number of real rows behind their spread below which a part of it is no margin."""
ROWS = 1024
"""Rows that are held in float64 at once."""


def carriers(bank: FeatureBank) -> float:
    """Return the effective number of rows that make up the total variance: (Σ c_i)²/Σ c_i², c_i = ‖x_i − mean‖².

    n/(1 + 2/d) for n normal rows in d dimensions, about 1 where one row lies far from all others; n where all are equal.
    """
    parts = list(row_chunks(bank.n, ROWS))
    sums = np.stack([bank.features[part].sum(axis=0, dtype=np.float64) for part in parts])
    mean = sums.sum(axis=0) / bank.n
    squares: Float64[np.ndarray, " n"] = np.concatenate(
        [np.square(bank.features[part] - mean).sum(axis=1) for part in parts]
    )
    bank.forget_pages()
    largest = float(squares.max())
    if largest <= 0:
        return float(bank.n)
    shares = squares / largest  # no overflow
    return float(shares.sum() ** 2 / np.square(shares).sum())
