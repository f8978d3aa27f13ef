"""Extrapolation of a biased estimate in 1/n: fifteen sizes, a line, its value at 1/n = 0."""

import numpy as np
from jaxtyping import Float64, Int64

SIZES = 15
SMALLEST = 5000


def sample_sizes(n: int) -> Int64[np.ndarray, " s"]:
    """Return fifteen sizes, evenly from 5,000 (from n/2 where n < 10,000) to n. Source: Chong & Forsyth 2020."""
    return np.linspace(min(SMALLEST, n // 2), n, SIZES).astype(np.int64)


def at_infinity(sizes: Int64[np.ndarray, " s"], values: Float64[np.ndarray, " s"]) -> tuple[float, float]:
    """Return a of the least-squares line a + b/n, and its variance from the random subsets.

    With residuals e and x = 1/n: σ̂² (1/s + x̄²/Σ(x − x̄)²), σ̂² = Σe²/(s − 2). The sampling variance of the whole set is not included.
    Source: Chong & Forsyth 2020, arXiv:1911.07023, Sec. 4; the variance: the intercept's of simple linear regression.
    """
    x = 1 / sizes
    a, b = np.polynomial.polynomial.polyfit(x, values, 1)
    noise = float(np.square(values - a - b * x).sum()) / (len(x) - 2)
    return float(a), float(noise * (1 / len(x) + x.mean() ** 2 / np.square(x - x.mean()).sum()))
