"""Extremes: whether too many of one sample lie below the lowest values of another, tested at several depths at once.

Let K_j be the number of the n values of the sample that lie below the j-th lowest of m null values. Where both are
exchangeable, every interleaving of the n + m values is equally likely, so that

    P(K_j = k) = C(k + j − 1, k) C(n − k + m − j, n − k) / C(n + m, n)      (negative hypergeometric)

whatever the distribution (the precedence test: Nelson 1963, Technometrics 5:491; Balakrishnan and Ng 2006). Several j
are tested together by their least p-value, whose own distribution is computed exactly: (K_j) is a Markov chain, and from
j to j' it gains i values with a probability of the same form. Ties count for the null.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64

DEEPEST = 0.05
"""The share of the null values up to which depths are tried."""
GROWTH = 1.5
"""Each depth is about this many times the last one."""
POWER = 0.9
BISECTIONS = 12


@dataclass(frozen=True)
class Extremes:
    """Result of the test: ``p_value`` after correction for all ``depths``; ``depth``: the j with the least p-value,
    ``below`` its K_j, ``threshold`` the j-th lowest null value.
    """

    p_value: float
    depth: int
    below: int
    threshold: float
    depths: tuple[int, ...]


def depths(m: int) -> tuple[int, ...]:
    """Return the depths j tried for m null values: 1, 2, 3, 5, 8, … up to the deepest share of m."""
    deepest, found = max(1, int(DEEPEST * m)), [1]
    while found[-1] < deepest:
        found.append(min(deepest, max(found[-1] + 1, round(GROWTH * found[-1]))))
    return tuple(found)


def extremes_test(sample: Float64[np.ndarray, " n"], null: Float64[np.ndarray, " m"]) -> Extremes:
    """Test whether more of the sample than of the null values lie at the lower end; exact where both are exchangeable.

    Raises ValueError for an empty sample or null.
    """
    n, m = len(sample), len(null)
    if not n or not m:
        raise ValueError(f"expected values in both, got {n} and {m}")
    tried, lowest = depths(m), np.sort(null)
    below = [int((sample < lowest[j - 1]).sum()) for j in tried]
    single = [float(_at_least(n, m, j)[k]) for k, j in zip(below, tried, strict=True)]
    best = int(np.argmin(single))
    together = crossing(n, m, tried, bounds(n, m, tried, single[best] * (1 + 1e-9)))
    p_value = max(together, single[best])  # the sum cannot tell less than 1e-11 from 0
    return Extremes(p_value, tried[best], below[best], float(lowest[tried[best] - 1]), tried)


def at_one_depth(sample: Float64[np.ndarray, " n"], null: Float64[np.ndarray, " m"], depth: int) -> Extremes:
    """Test as `extremes_test` does at one depth, chosen beforehand: P(K_j ≥ k), exact where both are exchangeable."""
    threshold = float(np.sort(null)[depth - 1])
    below = int((sample < threshold).sum())
    return Extremes(float(_at_least(len(sample), len(null), depth)[below]), depth, below, threshold, (depth,))


def crossing(n: int, m: int, tried: Sequence[int], limits: Sequence[int]) -> float:
    """Return the probability that K_j reaches its limit at one depth j at least (n + 1: no limit), both exchangeable."""
    inside, before = np.ones(1), 0
    for j, limit in zip(tried, limits, strict=True):
        if limit <= 0:
            return 1.0
        inside, before = _moved(inside, j - before, n, m - before, limit), j
    return float(np.clip(1 - inside.sum(), 0.0, 1.0))


def bounds(n: int, m: int, tried: Sequence[int], level: float) -> list[int]:
    """Return for each depth j the least k with P(K_j ≥ k) ≤ level; n + 1 where there is none."""
    return [int(np.flatnonzero(_at_least(n, m, j) <= level)[0]) for j in tried]


@lru_cache(maxsize=256)
def detectable(n: int, m: int, level: float, spoiled: int = 0, power: float = POWER) -> int | None:
    """Return the least number of planted values, of n, that a test at this level finds with at least this power.

    The planted values lie below all null values but the ``spoiled`` lowest, the other n − c are exchangeable with the
    null. None where not even n of them are found.
    """
    tried = depths(m)
    limits = _limits_at(n, m, tried, level)
    deep = [(j, limit) for j, limit in zip(tried, limits, strict=True) if j > spoiled and limit <= n]
    low, high = 1, n + 1
    while low < high:
        c = (low + high) // 2
        found = bool(deep) and crossing(n - c, m, [j for j, _ in deep], [limit - c for _, limit in deep]) >= power
        low, high = (low, c) if found else (c + 1, high)
    return low if low <= n else None


def _limits_at(n: int, m: int, tried: Sequence[int], level: float) -> list[int]:
    """Return the limits of the test of all depths at once: the largest common level of each at which it keeps ``level``."""
    low, high = level / len(tried), level
    for _ in range(BISECTIONS):
        middle = (low * high) ** 0.5
        kept = crossing(n, m, tried, bounds(n, m, tried, middle)) <= level
        low, high = (middle, high) if kept else (low, middle)
    return bounds(n, m, tried, low)


@lru_cache(maxsize=256)
def _at_least(n: int, m: int, j: int) -> Float64[np.ndarray, " k"]:
    """Return P(K_j ≥ k) for k = 0 … n + 1."""
    chances = _moved(np.ones(1), j, n, m, n + 1)
    return np.append(np.minimum(np.cumsum(chances[::-1])[::-1], 1.0), 0.0)


@lru_cache(maxsize=64)
def _log_factorials(n: int) -> Float64[np.ndarray, " k"]:
    from scipy.special import gammaln

    return np.asarray(gammaln(np.arange(n + 1) + 1.0))


def _moved(inside: Float64[np.ndarray, " a"], step: int, n: int, m: int, limit: int) -> Float64[np.ndarray, " b"]:
    """Return P(K = k), k < limit, after ``step`` more of the m null values that are left, from P(K = k) = inside[k].

    P(gain i | k) = C(i + s − 1, i) C(f − i + m − s, f − i) / C(f + m, f), f = n − k the values left, s the step.
    """
    factorial = _log_factorials(n + m)
    size = min(limit, n + 1)
    moved = np.zeros(size)
    for k in np.flatnonzero(inside[:size] > 0):
        left = n - k
        gain = np.arange(size - k)
        more = factorial[gain + step - 1] - factorial[gain] - factorial[step - 1]
        rest = factorial[left - gain + m - step] - factorial[left - gain] - factorial[m - step]
        moved[k:] += inside[k] * np.exp(more + rest - factorial[left + m] + factorial[left] + factorial[m])
    return moved
