"""Exact transport between two sets of points: POT's network simplex, and a check of its optimality."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, GantletError
from gantlet.transport.arrays import as_rows
from gantlet.transport.certificate import Certificate
from gantlet.transport.costs import ANY
from gantlet.transport.problem import Problem
from gantlet.transport.result import CELLS, Map, TransportResult
from gantlet.transport.solver import SOLVERS, Solver

LARGEST = 2 * 10**8
REFINEMENTS = 4


@SOLVERS.register("exact", source="Kantorovich 1942; Bonneel et al. 2011, ACM TOG 30(6)", costs=ANY)
@dataclass(frozen=True)
class Exact(Solver):
    """Exact transport between two sets of points by the network simplex, with its dual potentials.

    min_P Σ P_ij c_ij with P1 = a, Pᵀ1 = b; dual max ⟨a, f⟩ + ⟨b, g⟩ with f_i + g_j ≤ c_ij. Masses may differ.
    Args: iterations: the most simplex iterations. Returns: plan [n, m], potentials; the certificate's bounds are the dual
    value, after f is lowered to min_j c_ij − g_j (so that it is feasible), and the plan's cost. Raises: ConfigError (the
    cost matrix would be too large), GantletError (the simplex gave up).
    Source: Kantorovich 1942; network simplex of POT, after Bonneel et al. 2011.
    """

    iterations: int = 10_000_000

    def __call__(self, problem: Problem) -> TransportResult:
        """Solve; see the class."""
        source, target = problem.points
        a, b = source.masses, target.masses
        if len(a) * len(b) > LARGEST:
            raise ConfigError(f"exact needs a cost matrix of {len(a)} × {len(b)}; expected at most {LARGEST:g} entries")
        cost = problem.cost_matrix().numpy()
        plan, f, g = _simplex(a, b, cost, self.iterations)
        lower, upper = float(a @ f + b @ g), float((plan * cost).sum())
        error = float(np.abs(plan.sum(axis=0) - b).sum() + np.abs(plan.sum(axis=1) - a).sum()) / 2
        gap = upper - lower
        converged = gap <= _slack(a, b, f, g, upper)
        return TransportResult(
            method="exact",
            cost=upper,
            certificate=Certificate("exact", min(lower, upper), upper, marginal_error=error),
            iterations=1,
            seconds=0.0,
            converged=converged,
            reason=f"primal minus dual = {gap:.2g}" + ("" if converged else ", more than rounding: not optimal"),
            source_potential=f,
            target_potential=g,
            plan=plan,
            map=None if problem.cost.matrix is not None else _map(problem, plan, g),
            map_kind="" if problem.cost.matrix is not None else f"mean of the plan at source points, elsewhere {CELLS}",
        )


def _simplex(
    a: Float64[np.ndarray, " n"], b: Float64[np.ndarray, " m"], cost: Float64[np.ndarray, "n m"], iterations: int
) -> tuple[Float64[np.ndarray, "n m"], Float64[np.ndarray, " n"], Float64[np.ndarray, " m"]]:
    """Return an optimal plan with feasible potentials f, g.

    POT's simplex takes costs within 10⁻¹⁵ for equal, whatever their scale. So it gets them divided by a power of two next to
    the largest; and where costs of very different size leave a gap, it solves again for the reduced costs c − f − g ≥ 0, which
    have the same optimal plans, divided by the largest of them that the plan uses.
    """
    import ot

    g, reduced, scale = np.zeros(len(b)), cost, float(cost.max())
    for _ in range(REFINEMENTS):
        unit = 2.0 ** math.floor(math.log2(scale)) if scale > 0 else 1.0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plan, log = ot.emd(a, b, reduced / unit, numItermax=iterations, log=True)
        if log["warning"] is not None:
            raise GantletError(f"POT's network simplex gave up: {log['warning']}. Use fewer points or more iterations")
        g = g + unit * np.asarray(log["v"])
        f = (cost - g).min(axis=1)
        if float((plan * cost).sum()) - float(a @ f + b @ g) <= _slack(a, b, f, g, 0.0):
            break
        reduced = np.maximum(cost - f[:, None] - g, 0.0)  # below 0 is rounding
        scale = float(reduced[plan > 0].max())
    return np.asarray(plan), f, g


def _slack(
    a: Float64[np.ndarray, " n"],
    b: Float64[np.ndarray, " m"],
    f: Float64[np.ndarray, " n"],
    g: Float64[np.ndarray, " m"],
    upper: float,
) -> float:
    """Return the largest gap of an optimal plan: 10⁻⁹ of its cost, and rounding of the potentials that it is computed from."""
    return 1e-9 * upper + 16 * float(np.finfo(np.float64).eps) * float(a @ np.abs(f) + b @ np.abs(g))


def _map(problem: Problem, plan: Float64[np.ndarray, "n m"], g: Float64[np.ndarray, " m"]) -> Map:
    """Return the map of the plan: its mean at a source point, elsewhere the y_j with the least c(x, y_j) − g_j."""
    (source, target), potential = problem.points, torch.from_numpy(g)
    means = plan @ target.points / plan.sum(axis=1, keepdims=True)
    place = {row.tobytes(): i for i, row in enumerate(source.points)}

    def carry(points: Any) -> Float64[np.ndarray, "k d"]:
        rows = as_rows("points", points, target.dim)
        tiles = problem.cost.tiles(torch.from_numpy(rows), torch.from_numpy(target.points))
        starts = range(0, tiles.n, tiles.height)
        owners = [(tiles.rows(at, min(at + tiles.height, tiles.n)) - potential).argmin(dim=1) for at in starts]
        images = target.points[torch.cat(owners).numpy()] if owners else np.empty((0, target.dim))
        known = np.array([place.get(row.tobytes(), -1) for row in rows], dtype=np.int64)
        images[known >= 0] = means[known[known >= 0]]
        return images

    return carry
