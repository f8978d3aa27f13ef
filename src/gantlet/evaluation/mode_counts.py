"""Which classes or clusters are missing, rare or over-produced: exact two-proportion tests with Holm's correction."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Float64, Int64

from gantlet.core.numerics.distances import row_chunks
from gantlet.core.numerics.mapped import forget_pages
from gantlet.core.results.report import UNMATCHED, ModeCount
from gantlet.evaluation.inference.holm import ALPHA, holm

ROWS = 1024
"""Rows that are held in float64 at once."""


def mode_counts(
    real: Int64[np.ndarray, " n"], fake: Int64[np.ndarray, " m"], names: Sequence[str], level: float = 1 - ALPHA
) -> tuple[ModeCount, ...]:
    """Count both sides' assignments to modes and test each mode's share.

    A mode is *missing* (no fake), *rare* or *over-produced* when Fisher's exact test of its share among the fakes
    against its share among the real images is significant at 1 − level after Holm's correction over the modes. Where some are
    missing, the others are compared by their shares of what is there too: they are not too frequent for it.

    Args: real [n], fake [m]: mode indices; names: one per mode; level: 1 − the family-wise error.
    Returns: one ModeCount per mode, in the order of names.
    Source: R. A. Fisher 1922; S. Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    from scipy.stats import fisher_exact

    real_counts = np.bincount(real, minlength=len(names))
    fake_counts = np.bincount(fake, minlength=len(names))

    def tested(n: int) -> Float64[np.ndarray, " k"]:
        pairs = zip(real_counts, fake_counts, strict=True)
        return np.array([float(fisher_exact(((r, max(0, n - r)), (f, len(fake) - f))).pvalue) for r, f in pairs])

    p_values = tested(len(real))
    missing = holm(p_values, 1 - level) & (fake_counts == 0)
    present = int(real_counts[~missing].sum())  # of what is there the shares are compared without what is missing
    p_values = np.where(missing, p_values, np.maximum(p_values, tested(present)))
    rejected = holm(p_values, 1 - level)
    return tuple(
        ModeCount(name, int(r), int(f), _verdict(int(r) / max(present, 1), int(f) / len(fake)) if reject else "")
        for name, r, f, reject in zip(names, real_counts, fake_counts, rejected, strict=True)
    )


def _verdict(real_share: float, fake_share: float) -> str:
    if fake_share == 0:
        return "missing"
    return "rare" if fake_share < real_share else "over-produced"


def unmatched_names(counts: Sequence[ModeCount], ours: Sequence[str], theirs: Sequence[str]) -> tuple[ModeCount, ...]:
    """Return classes counted by names, those that one side alone knows as *unmatched* where both sides have such: none is missing or foreign.

    They may be the same classes under other names, and only the user knows. ``ours``, ``theirs``: the names that the real and the generated
    images' labels index.
    """
    foreign = {count.name for count in counts if count.n_fake and not count.n_real} - set(ours)
    absent = {count.name for count in counts if count.n_real and not count.n_fake} - set(theirs)
    if not foreign or not absent:
        return tuple(counts)
    alone = foreign | absent
    return tuple(dataclasses.replace(count, verdict=UNMATCHED) if count.name in alone else count for count in counts)


def medoids(
    features: Float32[np.ndarray, "n d"], modes: Int64[np.ndarray, " n"], count: int
) -> Int64[np.ndarray, " count"]:
    """Return for each mode the row nearest to the mean of its rows; −1 for a mode without rows."""
    rows_by_mode = np.full(count, -1, np.int64)
    for k in np.unique(modes):
        rows = np.flatnonzero(modes == k)
        parts = [rows[part] for part in row_chunks(len(rows), ROWS)]
        mean = np.sum([features[part].sum(axis=0, dtype=np.float64) for part in parts], axis=0) / len(rows)
        apart = [np.square(features[part] - mean).sum(axis=1) for part in parts]
        forget_pages(features)
        rows_by_mode[k] = rows[np.concatenate(apart).argmin()]
    return rows_by_mode
