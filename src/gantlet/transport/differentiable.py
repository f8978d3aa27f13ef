"""A transport cost with gradients by points, weights and whatever they were computed from."""

from typing import Any

import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.core.specs import parse_spec
from gantlet.transport.costs import Tiles
from gantlet.transport.entropic import Sinkhorn
from gantlet.transport.exact import Exact
from gantlet.transport.problem import Problem, problem
from gantlet.transport.sinkhorn import balance, balance_to_itself
from gantlet.transport.solver import SOLVERS

Solved = tuple[float, Float64[Tensor, "n m"], Float64[Tensor, " n"], Float64[Tensor, " m"]]


def differentiable_cost(
    source: Tensor,
    target: Tensor,
    cost: Any = "quadratic",
    method: str = "exact",
    *,
    source_masses: Tensor | None = None,
    target_masses: Tensor | None = None,
) -> Tensor:
    """Return the cost between two sets of points as a tensor [] with gradients by points and masses.

    exact: ⟨P, C⟩; sinkhorn: S_ε = OT_ε(a, b) − ½OT_ε(a, a) − ½OT_ε(b, b). By the envelope theorem ∂/∂x = Σ_j P_ij ∂c(x_i, y_j)/∂x
    and ∂/∂a = f at the optimum: nothing is differentiated through the iterations, and ε counts as a constant.
    Args: source [n, d], target [m, d]: real tensors; cost: as `solve`, a function must be differentiable; method: exact or a spec
    of sinkhorn; masses [n], [m] > 0 with sum 1. Returns: in the points' dtype. The gradient by masses is one up to a
    constant, since they sum to 1.
    Raises: as `solve`; ConfigError for another method or a cost matrix.
    Source: envelope theorem: Milgrom & Segal 2002; divergence: Feydy et al. 2019, arXiv:1810.08278.
    """
    if not (isinstance(source, Tensor) and isinstance(target, Tensor)):
        raise ShapeError("expected source and target as tensors [n, d]; use solve for other points")
    if parse_spec(method)[0] not in ("exact", "sinkhorn"):
        raise ConfigError(f"a differentiable cost is computed by exact or sinkhorn; got {method!r}")
    masses = [None if mass is None else mass.detach() for mass in (source_masses, target_masses)]
    posed = problem(source.detach(), target.detach(), cost, source_masses=masses[0], target_masses=masses[1])
    if posed.cost.between is None:
        raise ConfigError("a cost matrix has no points to differentiate by; pass the cost as a name or a function")
    weights = [
        torch.from_numpy(side.masses) if mass is None else mass.double()
        for side, mass in zip(posed.points, (source_masses, target_masses), strict=True)
    ]
    points = [source.double(), target.double()]
    parts = _exact(posed, SOLVERS.build(method)) if parse_spec(method)[0] == "exact" else _sinkhorn(posed, method)
    total = torch.zeros((), dtype=torch.float64)
    for sign, (first, second), (value, plan, f, g) in parts:
        costs = posed.cost.between(points[first], points[second])
        surrogate = (plan * costs).sum() + weights[first] @ f + weights[second] @ g
        total = total + sign * (value + surrogate - surrogate.detach())
    return total.to(source.dtype)


Part = tuple[float, tuple[int, int], Solved]


def _exact(posed: Problem, solver: Any) -> list[Part]:
    assert isinstance(solver, Exact)
    result = solver(posed)
    arrays = (result.plan, result.source_potential, result.target_potential)
    plan, f, g = (torch.from_numpy(array) for array in arrays if array is not None)
    return [(1.0, (0, 1), (result.cost, plan, f, g))]


def _sinkhorn(posed: Problem, method: str) -> list[Part]:
    solver = SOLVERS.build(method)
    assert isinstance(solver, Sinkhorn)
    a, b = (torch.from_numpy(side.masses) for side in posed.points)
    cross = posed.tiles()
    epsilon = solver.epsilon * float(a @ _whole(cross) @ b)
    both = balance(cross, epsilon, solver.tolerance, solver.iterations, masses=(a, b))
    parts: list[Part] = [(1.0, (0, 1), (both.value, both.plan(_whole(cross)), both.real, both.fake))]
    for k, mass in enumerate((a, b)):
        tiles = posed.own_tiles(posed.points[k])
        own = balance_to_itself(tiles, epsilon, solver.tolerance, solver.iterations, masses=mass)
        parts.append((-0.5, (k, k), (own.value, own.plan(_whole(tiles)), own.real, own.fake)))
    return parts


def _whole(tiles: Tiles) -> Float64[Tensor, "n m"]:
    return tiles.rows(0, tiles.n)
