"""Sinkhorn as a solver: entropic plan, its map, and the debiased divergence."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.errors import ConfigError
from gantlet.core.words import counted
from gantlet.transport.arrays import as_rows
from gantlet.transport.certificate import Certificate
from gantlet.transport.costs import ANY, Tiles
from gantlet.transport.problem import Problem
from gantlet.transport.result import Map, TransportResult
from gantlet.transport.sinkhorn import EntropicTransport, balance, balance_to_itself
from gantlet.transport.solver import SOLVERS, Solver

DENSE = 2**25
"""The largest plan that is returned as an array, in entries."""


@SOLVERS.register("sinkhorn", source="Cuturi 2013, arXiv:1306.0895", costs=ANY)
@dataclass(frozen=True)
class Sinkhorn(Solver):
    """Entropic transport by Sinkhorn's iterations in the log domain, with the debiased divergence.

    min_P ⟨P, C⟩ + ε KL(P ‖ abᵀ); S_ε = OT_ε(a, b) − ½OT_ε(a, a) − ½OT_ε(b, b).
    Args: epsilon: relative to the mean cost Σ a_i b_j c_ij; tolerance: on Σ|P1 − a|; iterations: at the target ε. Masses may differ.
    Returns: cost ⟨P, C⟩ of the plan; plan [n, m], None above 2²⁵ entries (memory does not grow with n·m);
    target_potential: Sinkhorn's g; source_potential: its c-transform min_j c_ij − g_j, so that f + g ≤ c; details: epsilon
    (absolute), entropic_potential (Sinkhorn's own f), regularised (the optimal value with its entropy), divergence S_ε (not for
    a cost matrix, nor once time is up); converged False, with what there is, where iterations or time ran out. The map is the barycentric projection out of
    sample. Bounds: the dual value of f and g; the cost of the plan rounded to both marginals.
    Raises: ConfigError (epsilon ≤ 0, all costs 0). Source: Cuturi 2013, arXiv:1306.0895; map: Pooladian & Niles-Weed
    2021, arXiv:2109.12004; rounding: Altschuler, Weed & Rigollet 2017, arXiv:1705.09634, Alg. 2.
    """

    epsilon: float = 0.05
    tolerance: float = 1e-3
    iterations: int = 2000

    def __post_init__(self) -> None:
        for name in ("epsilon", "tolerance", "iterations"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"expected {name} > 0; got {getattr(self, name)}")

    def __call__(self, problem: Problem) -> TransportResult:
        """Solve; see the class."""
        source, target = problem.points
        cost, masses = problem.tiles(), (torch.from_numpy(source.masses), torch.from_numpy(target.masses))
        scale = _mean(cost, *masses)
        if not scale > 0:
            raise ConfigError(f"expected points that differ, with a mean cost > 0; got mean cost {scale}")
        epsilon = self.epsilon * scale
        before = problem.start.target_potential if problem.start is not None else None
        solution = balance(
            cost,
            epsilon,
            self.tolerance,
            self.iterations,
            masses=masses,
            start=None if before is None else torch.from_numpy(before),
            deadline=problem.deadline,
            tell=problem.tell,
        )
        divergence, error = self._debiased(problem, solution)
        bounds = _bounds(cost, solution)
        reached = max(solution.error, error) <= self.tolerance
        what = f"Σ|P1 − a| = {max(solution.error, error):.2g}"
        advice = f"above {self.tolerance:g} after {counted(solution.iterations, 'step')}: raise epsilon, iterations or tolerance"
        mapped = problem.cost.matrix is None
        return TransportResult(
            method="sinkhorn",
            cost=bounds.spent,
            certificate=Certificate("exact", bounds.lower, bounds.upper, marginal_error=solution.error / 2),
            iterations=solution.iterations,
            seconds=0.0,
            converged=reached,
            reason=f"{what} ≤ {self.tolerance:g}" if reached else f"{what} {advice}",
            source_potential=bounds.conjugate.numpy(),
            target_potential=solution.fake.numpy(),
            plan=solution.plan(cost.rows(0, cost.n)).numpy() if cost.n * cost.m <= DENSE else None,
            map=projection(problem, solution.fake, epsilon) if mapped else None,
            map_kind="conditional mean of the entropic plan" if mapped else "",
            details={"epsilon": epsilon, "regularised": solution.value, "entropic_potential": solution.real.numpy()}
            | divergence,
        )

    def _debiased(self, problem: Problem, solution: EntropicTransport) -> tuple[dict[str, float], float]:
        """Return the divergence, where there are points and time for it, and the sides' own error."""
        if problem.cost.matrix is not None or time.monotonic() > problem.deadline:
            return {}, 0.0
        own = [
            balance_to_itself(
                problem.own_tiles(side),
                solution.epsilon,
                self.tolerance,
                self.iterations,
                masses=mass,
                deadline=problem.deadline,
            )
            for side, mass in zip(problem.points, solution.masses, strict=True)
        ]
        return {"divergence": solution.value - (own[0].value + own[1].value) / 2}, max(one.error for one in own)


@dataclass(frozen=True, eq=False)
class _Bounds:
    lower: float
    upper: float
    spent: float
    conjugate: Float64[Tensor, " n"]


def _bounds(cost: Tiles, solution: EntropicTransport) -> _Bounds:
    """Return the plan's cost, the dual value of g with its c-transform, and the cost of the plan rounded to its marginals.

    Rounding: rows, then columns, that hold too much are scaled down; what is missing is added as a product measure.
    """
    (a, b), g = solution.masses, solution.fake
    conjugate, held = torch.empty_like(a), torch.empty_like(a)
    columns, spent = torch.zeros_like(b), 0.0
    starts = range(0, cost.n, cost.height)
    for start in starts:
        part = slice(start, min(start + cost.height, cost.n))
        tile = cost.rows(part.start, part.stop)
        plan = solution.part(tile, part)
        conjugate[part], held[part] = (tile - g).amin(dim=1), plan.sum(dim=1)
        spent += float((plan * tile).sum())
        columns += ((a[part] / held[part]).clamp(max=1.0)[:, None] * plan).sum(dim=0)
    rows, cut = (a / held).clamp(max=1.0), (b / columns.clamp(min=1e-300)).clamp(max=1.0)
    kept, moved, left_rows = 0.0, 0.0, torch.empty_like(a)
    left_columns = (b - cut * columns).clamp(min=0.0)
    for start in starts:
        part = slice(start, min(start + cost.height, cost.n))
        tile = cost.rows(part.start, part.stop)
        plan = solution.part(tile, part).mul_(rows[part, None]).mul_(cut)
        left_rows[part] = (a[part] - plan.sum(dim=1)).clamp(min=0.0)
        kept += float((plan * tile).sum())
        moved += float(left_rows[part] @ tile @ left_columns)
    upper = kept + (moved / float(left_columns.sum()) if float(left_columns.sum()) > 0 else 0.0)
    lower = float(a @ conjugate + b @ g)
    return _Bounds(min(lower, upper), upper, spent, conjugate)


def _mean(cost: Tiles, a: Float64[Tensor, " n"], b: Float64[Tensor, " m"]) -> float:
    if cost.cost is not None and cost.cost.name == "quadratic" and cost.x is not None and cost.y is not None:
        squares = a @ cost.x.square().sum(dim=1) + b @ cost.y.square().sum(dim=1)
        return max(float(squares - 2 * (a @ cost.x) @ (b @ cost.y)), 0.0)
    starts = range(0, cost.n, cost.height)
    return sum(float(a[start : start + cost.height] @ cost.rows(start, start + cost.height) @ b) for start in starts)


def projection(problem: Problem, potential: Float64[Tensor, " m"], epsilon: float) -> Map:
    """Return x ↦ Σ_j p_j(x) y_j, p_j ∝ b_j exp((g_j − c(x, y_j))/ε): the plan's conditional mean, out of sample."""
    target = problem.points[1]

    def project(points: Any) -> Float64[np.ndarray, "k d"]:
        y = torch.from_numpy(target.points)
        cost = problem.cost.tiles(torch.from_numpy(as_rows("points", points, target.dim)), y)
        raised = potential / epsilon + torch.from_numpy(target.masses).log()
        starts = range(0, cost.n, cost.height)
        parts = [
            torch.softmax(raised - cost.rows(start, min(start + cost.height, cost.n)) / epsilon, dim=1) @ y
            for start in starts
        ]
        return torch.cat(parts).numpy()

    return project
