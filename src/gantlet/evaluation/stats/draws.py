"""Draws: which generated images are one draw, as they are versions of one picture, so that tests count them once."""

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

SAME = 0.4
"""Images count as versions of one picture where they lie this much nearer to each other than to the training image nearest to both."""
BLOCK = 1024
"""Images of one training image that are compared with each other at once."""


def one_of_each(
    query: Float32[np.ndarray, "m d"], nearest: Int64[np.ndarray, " m"], distance: Float64[np.ndarray, " m"]
) -> Bool[np.ndarray, " m"]:
    """Return which rows to keep so that of several versions of one picture one is left: that of the median distance.

    Rows i, j are versions of one picture where both have the same nearest training row t and d(i, j) ≤ 0.4·min(d(i, t), d(j, t)),
    and so are rows that are linked through others. Noisy copies of t lie farther from each other than from t, and stay apart: each is a
    fact by itself. A picture of the generator's own that it repeats, however near to t by chance, is one draw.

    Args: query: features; nearest: of each its training row, and ``distance`` to it.
    """
    keep = np.ones(len(query), dtype=bool)
    order = np.lexsort((distance, nearest))
    starts = np.flatnonzero(np.diff(nearest[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        for start in range(0, len(rows), BLOCK):
            some = rows[start : start + BLOCK]
            if len(some) > 1:
                keep[some] = _medians(query[some].astype(np.float64), distance[some])
    return keep


def _medians(rows: Float64[np.ndarray, "k d"], distance: Float64[np.ndarray, " k"]) -> Bool[np.ndarray, " k"]:
    """Return, of rows in the order of their distance, the (lower) median one of each linked set."""
    reach = SAME * np.minimum(distance[:, None], distance[None, :])
    linked = cdist(rows, rows) <= reach
    _, sets = connected_components(coo_array(linked), directed=False)
    keep = np.zeros(len(rows), dtype=bool)
    for one in np.unique(sets):
        members = np.flatnonzero(sets == one)
        keep[members[(len(members) - 1) // 2]] = True
    return keep
