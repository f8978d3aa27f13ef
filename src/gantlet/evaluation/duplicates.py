"""Duplicates: how many rows of a set of images repeat another one exactly."""

import hashlib

import numpy as np
from jaxtyping import Float32, Float64, Int64

from gantlet.core.numerics.distances import row_chunks
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.stats.feature_bank import FeatureBank

NEAR = 1e-4
"""Relative distance of two rows of features below which their images are looked at; equal images in two batches of a
network differ by rounding, about 1e-6."""
ROWS = 1024
"""Rows that are held in float64 at once."""
NEXT = 3
"""How many rows further on the line are looked at: rounding may put another row between two equal ones."""


def duplicates(bank: FeatureBank) -> int:
    """Return n minus the number of distinct images: pixels decide; for points, which have none, the coordinates do.

    Only images whose features lie close to a neighbour's on a random line are decoded and compared by SHA-256, so the
    count is free of false alarms. A statistics file has no rows: 0.
    """
    rows = _suspicious(bank)
    seen = [_content(bank, int(row)) for row in rows]
    return len(seen) - len(set(seen))


def _suspicious(bank: FeatureBank) -> Int64[np.ndarray, " m"]:
    """Return the rows that lie within rounding of a row that follows on a random line."""
    if len(bank.features) < 2:
        return np.zeros(0, np.int64)
    line = numpy_stream(0, "duplicates").standard_normal(bank.dim)
    places: Float64[np.ndarray, " n"] = np.concatenate(
        [bank.features[part].astype(np.float64) @ line for part in row_chunks(bank.n, ROWS)]
    )
    sizes = np.concatenate(
        [np.sqrt(np.square(bank.features[part], dtype=np.float64).sum(axis=1)) for part in row_chunks(bank.n, ROWS)]
    )
    order = np.argsort(places, kind="stable")
    close = np.zeros(bank.n, dtype=bool)
    for step in range(1, NEXT + 1):
        a, b = order[:-step], order[step:]
        for i in np.flatnonzero(places[b] - places[a] <= 10 * NEAR * np.maximum(sizes[a], sizes[b])):
            pair = [a[i], b[i]]
            close[pair] |= _near(bank.features[pair], float(sizes[pair].max()))
    return np.flatnonzero(close)


def _near(two: Float32[np.ndarray, "2 d"], size: float) -> bool:
    difference = two[0].astype(np.float64) - two[1]
    return bool(np.sqrt(np.square(difference).sum()) <= NEAR * size)


def _content(bank: FeatureBank, row: int) -> str:
    content = bank.features[row] if bank.images is None else bank.images[row]
    return hashlib.sha256(f"{content.shape}".encode() + np.ascontiguousarray(content).tobytes()).hexdigest()
