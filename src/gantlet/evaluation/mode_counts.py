"""Which classes or clusters are missing, rare or over-produced: exact two-proportion tests with Holm's correction."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Float32, Float64, Int64

from gantlet.core.numerics.distances import row_chunks
from gantlet.core.numerics.mapped import forget_pages
from gantlet.core.results.report import UNMATCHED, ModeCount
from gantlet.evaluation.inference.holm import ALPHA, holm

ROWS = 1024
"""Rows that are held in float64 at once."""


@dataclass(frozen=True)
class Assigned:
    """The mode of each row of one side [n], and its ``groups`` [n], None where rows are independent."""

    modes: Int64[np.ndarray, " n"]
    groups: Int64[np.ndarray, " n"] | None = None

    def worth(self, count: int) -> tuple[Int64[np.ndarray, " k"], Int64[np.ndarray, " k"]]:
        """Return per mode how many independent rows its c of n rows are worth, and of how many: its share p = c/n stays.

        The share of dependent rows is a ratio over groups, of variance Σ_g (c_g − p n_g)²/n²: that of n p (1 − p)/Σ_g (c_g − p n_g)² times
        fewer rows than n. A mode without rows: n²/Σ n_g². Source: Kish 1965, Survey Sampling, Ch. 6 (ratio mean of clusters).
        """
        n, found = len(self.modes), np.bincount(self.modes, minlength=count)
        if self.groups is None or not n:
            return found.astype(np.int64), np.full(count, n, np.int64)
        groups = np.unique(self.groups, return_inverse=True)[1]
        sizes = np.bincount(groups).astype(np.float64)
        within = scipy.sparse.coo_array((np.ones(n), (groups, self.modes)), shape=(len(sizes), count)).tocsr()
        p, squares = found / n, float(np.square(sizes).sum())
        spread = within.multiply(within).sum(axis=0) - 2 * p * (sizes @ within) + p**2 * squares
        whole = np.full(count, n**2 / squares)
        np.divide(n**2 * p * (1 - p), spread, out=whole, where=(spread > 1e-9 * n) & (found > 0))
        whole = np.minimum(whole, n)
        some = np.maximum(np.round(p * whole), found > 0).astype(np.int64)
        return some, np.maximum(np.round(whole), some).astype(np.int64)


def mode_counts(
    real: Assigned, fake: Assigned, names: Sequence[str], level: float = 1 - ALPHA
) -> tuple[ModeCount, ...]:
    """Count both sides' modes and test each mode's share.

    A mode is *missing* (no fake), *rare* or *over-produced* when Fisher's exact test of its share among the fakes
    against its share among the real images is significant at 1 − level after Holm's correction over the modes; dependent rows count as the
    independent ones that they are worth (`Assigned.worth`). Where some are missing, the others are compared by their shares of what is
    there too: they are not too frequent for it.

    Args: names: one per mode; level: 1 − the family-wise error. Returns: one ModeCount per mode, in the order of names, ``draws`` what was
    tested where it differs.
    Source: R. A. Fisher 1922; S. Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    from scipy.stats import fisher_exact

    k = len(names)
    real_counts, fake_counts = (np.bincount(side.modes, minlength=k) for side in (real, fake))
    (r, n), (f, m) = real.worth(k), fake.worth(k)

    def tested(share: float) -> Float64[np.ndarray, " k"]:
        """Return the p-values with this share of the real images in all."""
        rows = zip(r, np.round(n * share).astype(np.int64), f, m, strict=True)
        return np.array([float(fisher_exact(((a, max(0, b - a)), (c, d - c))).pvalue) for a, b, c, d in rows])

    p_values = tested(1.0)
    missing = holm(p_values, 1 - level) & (fake_counts == 0)
    present = int(real_counts[~missing].sum())  # of what is there the shares are compared without what is missing
    p_values = np.where(missing, p_values, np.maximum(p_values, tested(present / max(len(real.modes), 1))))
    rejected = holm(p_values, 1 - level)
    independent = real.groups is None and fake.groups is None
    return tuple(
        ModeCount(
            name, int(real_counts[i]), int(fake_counts[i]),
            _verdict(int(real_counts[i]) / max(present, 1), int(fake_counts[i]) / len(fake.modes)) if rejected[i] else "",
            draws=None if independent else (int(r[i]), int(f[i])),
        )
        for i, name in enumerate(names)
    )  # fmt: skip


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
