"""Ranks: which of two samples is larger, by Mann and Whitney's statistic."""

import numpy as np
from jaxtyping import Float64


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
