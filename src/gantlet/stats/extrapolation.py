"""Extrapolation of a biased estimate in 1/n: fifteen sizes, a line, its value at 1/n = 0."""

import numpy as np
from jaxtyping import Float64, Int64

SIZES = 15
SMALLEST = 5000


def sample_sizes(n: int) -> Int64[np.ndarray, " s"]:
    """Return fifteen sizes, evenly from 5,000 (from n/2 where n < 10,000) to n. Source: Chong & Forsyth 2020."""
    return np.linspace(min(SMALLEST, n // 2), n, SIZES).astype(np.int64)


def at_infinity(sizes: Int64[np.ndarray, " s"], values: Float64[np.ndarray, " s"]) -> float:
    """Return a of the least-squares line a + b/n. Source: Chong & Forsyth 2020, arXiv:1911.07023, Sec. 4."""
    return float(np.polynomial.polynomial.polyfit(1 / sizes, values, 1)[0])
