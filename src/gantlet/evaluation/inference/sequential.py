"""Intervals that hold however often one looks: an evaluation that stops when it likes what it sees is no evaluation of a fixed size."""

import math

from gantlet.evaluation.inference.intervals import quantile


def widening(n: int, level: float, first: int) -> float:
    """Return by how much a fixed-size normal interval is widened so that it holds at all sizes from ``first`` on at once.

    The asymptotic confidence sequence of a mean of n independent rows with standard error s is mean ± c·s,
    c = √(2 (1 + 1/(nρ²)) ln(√(nρ² + 1)/α)), α = 1 − level, ρ² = (−2 ln α + ln(1 − 2 ln α))/n₀, narrowest about n₀ = 4·first; the factor is
    c/z, z the normal quantile. It holds in the limit of a large first look; metrics are means of influence functions to first order.

    Args: n: rows so far; level: of the interval; first: rows of the first look.
    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, "Time-uniform central limit theory and asymptotic confidence sequences",
    Theorem 2.2 and Eq. 2.5 (as remembered; checked by simulation).
    """
    alpha = 1 - level
    rho2 = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / (4 * first)
    spread = n * rho2
    return math.sqrt(2 * (1 + 1 / spread) * math.log(math.sqrt(spread + 1) / alpha)) / quantile(level)
