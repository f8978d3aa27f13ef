"""Ranks: which of two samples is larger, by Mann and Whitney's statistic."""

import numpy as np
from jaxtyping import Float32, Float64


def higher_ranks(first: Float64[np.ndarray, " n"], second: Float64[np.ndarray, " m"], inflated: float = 1.0) -> float:
    """Return by how many standard errors the second sample's ranks are higher than chance gives; 0 where all values are equal.

    (U − nm/2)/σ, U the pairs in which the second is larger (ties ½), σ² = ``inflated`` · nm/12 · (n + m + 1 − Σ(t³ − t)/((n + m)(n + m − 1))),
    t the numbers of equal values. Standard normal for independent draws of one distribution.

    Source: Mann & Whitney 1947, "On a test of whether one of two random variables is stochastically larger".
    """
    from scipy.stats import rankdata

    n, m = len(first), len(second)
    ranks = rankdata(np.concatenate([first, second]))
    _, ties = np.unique(ranks, return_counts=True)
    total = n + m
    equal = float((ties.astype(np.float64) ** 3 - ties).sum()) / (total * (total - 1))
    spread = inflated * n * m / 12 * (total + 1 - equal)
    if spread <= 0:
        return 0.0
    return float((ranks[n:].sum() - m * (m + 1) / 2 - n * m / 2) / np.sqrt(spread))


def apart(first: Float32[np.ndarray, "n d"], second: Float32[np.ndarray, "m d"], rng: np.random.Generator) -> float:
    """Return by how many standard errors two samples differ in place or spread, however heavy their tails are.

    Each coordinate is replaced by its pooled ranks r in (−1, 1) and by r². One random half of either sample gives the direction w, the
    difference of the means over the pooled variances; the other halves' projections are compared by `higher_ranks`, and the halves change
    their parts. Returns the larger of the two, so that a bound for it is taken at half the level; for independent draws of one
    distribution each is standard normal given the half that w is from.

    Source: Lopez-Paz & Oquab 2017, "Revisiting Classifier Two-Sample Tests", with Fisher's diagonal discriminant; Mann & Whitney 1947.
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([first, second]), axis=0) * 2 / (len(first) + len(second) + 1) - 1
    rows = np.concatenate([ranks, ranks**2], axis=1)
    sides = [rng.permutation(rows[: len(first)]), rng.permutation(rows[len(first) :])]
    halves = [[side[: len(side) // 2] for side in sides], [side[len(side) // 2 :] for side in sides]]
    found = []
    for (one, other), (held_one, held_other) in (halves, halves[::-1]):
        variance = (one.var(axis=0) + other.var(axis=0)) / 2
        direction = (other.mean(axis=0) - one.mean(axis=0)) / np.where(variance > 0, variance, 1)
        found.append(higher_ranks(held_one @ direction, held_other @ direction))
    return max(found)
