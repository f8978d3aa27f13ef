"""Certificate: bounds on the optimal cost and the error of the marginal, checked after a solve."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.special
from jaxtyping import Float64, Int64

from gantlet.core.errors import NonFiniteError
from gantlet.transport.brenier import Brenier
from gantlet.transport.exact_cells import Domain, cell_moments
from gantlet.transport.newton import Cells, descend, worst
from gantlet.transport.observed import Observed
from gantlet.transport.power_diagram import CellMoments
from gantlet.transport.repair import repair

LEVEL = 0.95
CLOSE, POLISH = 1e-8, 50
"""Newton's steps towards the plan of the upper bound: the largest relative error of a mass, and the most steps."""


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


def statistical(potential: Brenier, seen: Observed, upper: float) -> Certificate:
    """Return bounds on W₂²(μ, ν) from fresh samples in the cells of ``potential``; ``upper`` as `sampled_upper` returns it.

    lower: the dual value minus its margin, at LEVEL, one-sided. marginal_error ≤ ½(χ²)^½, at the upper end of the
    interval of χ². Source: duality: Kantorovich 1942.
    """
    value, low, high = chi2(seen.counts, potential.target.masses)
    return Certificate(
        "statistical",
        lower=apart(potential) + seen.dual - float(scipy.special.ndtri(LEVEL)) * seen.dual_error,
        upper=upper,
        level=LEVEL,
        samples=seen.samples,
        marginal_error=min(math.sqrt(max(high, 0.0)) / 2, 1.0),
        chi2=value,
        chi2_low=low,
        chi2_high=high,
    )


def exact(potential: Brenier, domain: Domain, rounding: float) -> Certificate:
    """Return bounds on W₂² from the exact moments of the cells; ``domain`` in the frame.

    With p = x − c and q = y − m, W₂² = |m − c|² + W₂² of p and q. lower: the dual value E min_i(|p − q_i|² − g_i) + Σ ν_i g_i.
    upper: the cost of a plan with the masses ν: the cells' own, moved by Newton's steps to those masses, and the rest of
    their excess mass carried on. ``rounding``: the largest relative error of a mass by rounding; the interval of χ² is as wide as that.
    """
    target, frame, cells = potential.target, potential.frame, potential.cell_moments(domain)
    wanted = target.masses
    costs = _costs(potential, cells)
    g = 2 * frame.unit * potential.framed + np.square(frame.spread * potential.sites).sum(axis=1)
    value = float((cells.masses**2 / wanted).sum()) - 1
    slack = 2 * (1 + abs(value)) * max(rounding, 1e-12)
    lower = apart(potential) + float(cells.masses @ costs) + float((wanted - cells.masses) @ g)
    return Certificate(
        "exact",
        lower=lower,
        upper=max(_repaired(potential, domain, cells), lower),
        marginal_error=min(float(np.abs(cells.masses - wanted).sum() + rounding) / 2, 1.0),
        chi2=value,
        chi2_low=value - slack,
        chi2_high=value + slack,
    )


def apart(potential: Brenier) -> float:
    """Return |m − c|²: what source and targets cost by their distance alone."""
    return float(np.square(potential.frame.shift).sum())


def _costs(potential: Brenier, cells: CellMoments) -> Float64[np.ndarray, " n"]:
    """Return E(|p − q_i|² | cell i), without the term that a plan onto ν does not have."""
    a, b = potential.frame.reach, potential.frame.spread
    return a**2 * cells.spreads + np.square(a * cells.centres - b * potential.sites).sum(axis=1)


def _repaired(potential: Brenier, domain: Domain, cells: CellMoments) -> float:
    """Return the cost of a plan onto ν: Newton's cells where they can be had, then excess mass moved cell by cell."""
    sites, wanted, framed = potential.sites, potential.target.masses, potential.framed
    if cells.masses.min() > 0 and worst(cells.masses, wanted) > CLOSE:
        start = Cells.of(sites, potential.framed_weights, domain)
        better = descend(start, sites, wanted, domain, tolerance=CLOSE, steps=POLISH)[0]
        framed = (better.weights - np.square(sites).sum(axis=1)) / 2
        cells = cell_moments(sites, better.weights, domain, better.walls)
    moves = repair(cells.centres, sites, framed, cells.masses / cells.masses.sum(), wanted)
    gained = (cells.centres[moves.source] * (sites[moves.target] - sites[moves.source])).sum(axis=1)
    lengths = np.square(sites).sum(axis=1) * potential.frame.spread**2
    settled = float(cells.masses @ _costs(potential, cells)) + float((wanted - cells.masses) @ lengths)
    return apart(potential) + settled - 2 * potential.frame.unit * float(moves.mass @ gained)
