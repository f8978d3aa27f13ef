"""Certificate: bounds on the optimal cost and the error of the marginal, checked after a solve."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.special
from jaxtyping import Float64, Int64

from gantlet.core.errors import NonFiniteError
from gantlet.transport.cells import Observed, pooled
from gantlet.transport.continuous import Continuous, Polygon
from gantlet.transport.power_diagram import CellMoments
from gantlet.transport.problem import Points
from gantlet.transport.repair import repair

LEVEL = 0.95
GROUPS = 4
"""Independent groups of samples: the spread of the upper bound over them gives its margin."""


@dataclass(frozen=True)
class Certificate:
    """Bounds that were checked after the solve: ``lower`` ≤ optimal cost ≤ ``upper``.

    ``kind``: exact (up to rounding), statistical (each bound holds at ``level``, from ``samples`` fresh samples), or
    closed form. ``marginal_error``: total variation distance between the plan's second marginal and the target's masses.
    ``chi2``: Σ w_i²/ν_i − 1 of the cell masses w, unbiased (it may fall below 0), with its interval.
    """

    kind: Literal["exact", "statistical", "closed form"]
    lower: float | None = None
    upper: float | None = None
    level: float | None = None
    samples: int = 0
    marginal_error: float | None = None
    chi2: float | None = None
    chi2_low: float | None = None
    chi2_high: float | None = None

    def __post_init__(self) -> None:
        for name in ("lower", "upper", "marginal_error", "chi2", "chi2_low", "chi2_high"):
            value = getattr(self, name)
            if value is not None and not np.isfinite(value):
                raise NonFiniteError(f"the certificate's {name} is {value}; check the scale of the points")


def chi2(
    counts: Int64[np.ndarray, " n"], masses: Float64[np.ndarray, " n"], level: float = LEVEL
) -> tuple[float, float, float]:
    """Return the unbiased estimate of Σ w_i²/ν_i − 1 from multinomial counts c, with its normal interval.

    χ̂² = Σ c_i(c_i − 1)/(ν_i M(M − 1)) − 1: a U-statistic with kernel 1[I = J]/ν_I, whose variance (Hoeffding) is
    (4(M − 2)ζ₁ + 2ζ₂)/(M(M − 1)), ζ₁ = Σ w³/ν² − (Σ w²/ν)², ζ₂ = Σ w²/ν² − (Σ w²/ν)², by factorial moments.
    Source: Pooladian et al. 2025, arXiv:2509.25519, Eq. 3.5; variance: Hoeffding 1948.
    """
    c, m = counts.astype(np.float64), float(counts.sum())
    pairs, triples = c * (c - 1) / (m * (m - 1)), c * (c - 1) * (c - 2) / (m * (m - 1) * (m - 2))
    mean = float((pairs / masses).sum())
    first = max(float((triples / masses**2).sum()) - mean**2, 0.0)  # a variance; its estimate may fall below 0
    second = max(float((pairs / masses**2).sum()) - mean**2, 0.0)
    spread = math.sqrt((4 * (m - 2) * first + 2 * second) / (m * (m - 1)))
    reach = float(scipy.special.ndtri((1 + level) / 2)) * spread
    return mean - 1, mean - 1 - reach, mean - 1 + reach


def statistical(
    source: Continuous, target: Points, weights: Float64[np.ndarray, " n"], groups: list[Observed]
) -> Certificate:
    """Return bounds on W₂²(μ, ν) from independent groups of fresh samples; ``weights`` is g.

    lower: the dual value minus its margin. upper: in each group the plan from samples to their cells is repaired until its
    second marginal is ν exactly, so its cost is at least W₂²(μ̂, ν) of the group's empirical measure μ̂; W₂² is convex in
    the measure, so the mean of that is at least W₂²(μ, ν). Margins: Student's t over the groups and the normal distribution; each
    bound holds at LEVEL, one-sided. marginal_error ≤ ½(χ²)^½, at the upper end of the interval of χ².
    Source: duality: Kantorovich 1942; convexity: Villani 2009, Thm. 4.8.
    """
    whole = pooled(groups)
    value, low, high = chi2(whole.counts, target.masses)
    costs = np.array([repaired_cost(source, target, weights, group) for group in groups])
    reach = float(scipy.special.stdtrit(len(costs) - 1, LEVEL)) * float(costs.std(ddof=1)) / math.sqrt(len(costs))
    return Certificate(
        "statistical",
        lower=whole.dual - float(scipy.special.ndtri(LEVEL)) * whole.dual_error,
        upper=float(costs.mean()) + reach,
        level=LEVEL,
        samples=whole.samples,
        marginal_error=min(math.sqrt(max(high, 0.0)) / 2, 1.0),
        chi2=value,
        chi2_low=low,
        chi2_high=high,
    )


def repaired_cost(source: Continuous, target: Points, weights: Float64[np.ndarray, " n"], observed: Observed) -> float:
    """Return the cost of a plan from the observed samples to ν: samples go to their cells, then excess mass is moved on.

    Σ f_ij E(|x − y_j|² | cell i) = E|x − c|² + Σ ν_j |y_j − c|² − 2 Σ f_ij ⟨m_i, y_j − ȳ⟩, m_i the mean of x − c in cell
    i (the term in ⟨x − c, ȳ − c⟩ has mean 0 and is left out).
    """
    sites, offsets = target.points - target.mean, np.square(target.points - source.centre).sum(axis=1)
    means = observed.sums / np.maximum(observed.counts, 1)[:, None]
    masses = observed.counts / observed.samples
    moves = repair(means, sites, (weights - offsets) / 2, masses, target.masses)
    own = np.einsum("nd,nd->n", means, sites)
    gained = (means[moves.source] * (sites[moves.target] - sites[moves.source])).sum(axis=1)
    return observed.square + float(target.masses @ offsets) - 2 * float(masses @ own + moves.mass @ gained)


def exact(domain: Polygon, target: Points, weights: Float64[np.ndarray, " n"], cells: CellMoments) -> Certificate:
    """Return bounds on W₂² from the exact moments of the cells of g.

    lower: dual value E min_i(|x − y_i|² − g_i) + Σ ν_i g_i. upper: primal E|x − T(x)|² + TV·D², where D is the largest
    distance from a corner of the domain to a target, so moving the excess mass costs at most TV·D².
    """
    costs = cells.spreads + np.square(cells.centres - target.points).sum(axis=1)
    variation = float(np.abs(cells.masses - target.masses).sum()) / 2
    primal = float(cells.masses @ costs)
    corners = target.points[:, None, :] - domain.vertices[None, :, :]
    farthest = float(np.square(corners).sum(axis=2).max())
    value = float((cells.masses**2 / target.masses).sum()) - 1
    return Certificate(
        "exact",
        lower=primal + float((target.masses - cells.masses) @ weights),
        upper=primal + variation * farthest,
        marginal_error=variation,
        chi2=value,
        chi2_low=value,
        chi2_high=value,
    )
