"""Unbalanced entropic transport: mass may be made and lost at a price."""

import math
import time
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.errors import ConfigError
from gantlet.core.words import counted
from gantlet.transport.certificate import Certificate
from gantlet.transport.costs import ANY, Tiles
from gantlet.transport.entropic import projection
from gantlet.transport.problem import Problem
from gantlet.transport.result import TransportResult
from gantlet.transport.softmin import Softmin
from gantlet.transport.solver import SOLVERS, Solver


@SOLVERS.register(
    "unbalanced", source="Chizat, Peyré, Schmitzer & Vialard 2018, Math. Comp. 87, arXiv:1607.05816", costs=ANY
)
@dataclass(frozen=True)
class Unbalanced(Solver):
    """Entropic transport whose marginals may differ from the given masses, at the price of their divergence.

    min_P ⟨P, C⟩ + ρ KL(P1 ‖ a) + ρ KL(Pᵀ1 ‖ b) + ε KL(P ‖ abᵀ), KL(p ‖ q) = Σ p log(p/q) − p + q.
    Args: epsilon, reach: ε and ρ relative to the mean cost: mass that would cost more than about 2ρ is not moved; tolerance:
    on the change of f and g in units of ε; iterations; source_total, target_total: the sums of a and b, whose shapes the
    masses give. Returns: cost: the optimal value; its bounds: the dual and the primal value; plan [n, m]; potentials;
    details: transport ⟨P, C⟩, mass Σ P, epsilon and rho (absolute). The map is the plan's conditional mean. Raises: ConfigError.
    Source: Chizat et al. 2018, Alg. 1 (scaling with the exponent ρ/(ρ + ε)).
    """

    epsilon: float = 0.05
    reach: float = 0.5
    tolerance: float = 1e-6
    iterations: int = 10_000
    source_total: float = 1.0
    target_total: float = 1.0

    def __post_init__(self) -> None:
        for name in ("epsilon", "reach", "tolerance", "iterations", "source_total", "target_total"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"expected {name} > 0; got {getattr(self, name)}")

    def __call__(self, problem: Problem) -> TransportResult:
        """Solve; see the class."""
        source, target = problem.points
        cost = problem.tiles()
        a = self.source_total * torch.from_numpy(source.masses)
        b = self.target_total * torch.from_numpy(target.masses)
        matrix = cost.rows(0, cost.n)
        scale = float(a @ matrix @ b) / (self.source_total * self.target_total)
        if not scale > 0:
            raise ConfigError(f"expected points that differ, with a mean cost > 0; got mean cost {scale}")
        epsilon, rho = self.epsilon * scale, self.reach * scale
        f, g, steps, change = self._iterate(cost, a, b, epsilon=epsilon, rho=rho, problem=problem)
        plan = ((f[:, None] + g - matrix) / epsilon).exp_().mul_(a[:, None]).mul_(b)
        lower, upper, spent = _values(matrix, plan, f, g, a=a, b=b, epsilon=epsilon, rho=rho)
        reached = change <= self.tolerance
        relation = "≤" if reached else "is above"
        return TransportResult(
            method="unbalanced",
            cost=upper,
            certificate=Certificate("exact", min(lower, upper), upper),
            iterations=steps,
            seconds=0.0,
            converged=reached,
            reason=f"last change of the potentials {change:.2g} ε {relation} {self.tolerance:g} after {counted(steps, 'step')}",
            source_potential=f.numpy(),
            target_potential=g.numpy(),
            plan=plan.numpy(),
            map=None if problem.cost.matrix is not None else projection(problem, g, epsilon),
            map_kind="" if problem.cost.matrix is not None else "conditional mean of the unbalanced plan",
            details={"transport": spent, "mass": float(plan.sum()), "epsilon": epsilon, "rho": rho},
        )

    def _iterate(
        self,
        cost: Tiles,
        a: Float64[Tensor, " n"],
        b: Float64[Tensor, " m"],
        *,
        epsilon: float,
        rho: float,
        problem: Problem,
    ) -> tuple[Float64[Tensor, " n"], Float64[Tensor, " m"], int, float]:
        rows, damping = Softmin.of(cost, b), rho / (rho + epsilon)
        columns, change, step = rows.flipped(a), math.inf, 0
        f, g = torch.zeros_like(a), torch.zeros_like(b)
        while step < self.iterations and change > self.tolerance and time.monotonic() <= problem.deadline:
            f = damping * rows(g, epsilon)
            renewed = damping * columns(f, epsilon)
            change, g, step = float((renewed - g).abs().max()) / epsilon, renewed, step + 1
            problem.tell(step, self.iterations)
        return f, g, step, change


def _values(
    matrix: Float64[Tensor, "n m"],
    plan: Float64[Tensor, "n m"],
    f: Float64[Tensor, " n"],
    g: Float64[Tensor, " m"],
    *,
    a: Float64[Tensor, " n"],
    b: Float64[Tensor, " m"],
    epsilon: float,
    rho: float,
) -> tuple[float, float, float]:
    """Return the dual value of f and g, the primal value of the plan, and its transport cost."""
    product, mass = float(a.sum() * b.sum()), float(plan.sum())
    spent = float((plan * matrix).sum())
    density = (f[:, None] + g - matrix) / epsilon
    entropy = float((plan * density).sum()) - mass + product
    marginals = sum(
        float(torch.special.xlogy(held, held / wanted).sum() - held.sum() + wanted.sum())
        for held, wanted in ((plan.sum(dim=1), a), (plan.sum(dim=0), b))
    )
    dual = -rho * float(a @ torch.expm1(-f / rho) + b @ torch.expm1(-g / rho)) - epsilon * (mass - product)
    return dual, spent + rho * marginals + epsilon * entropy, spent
