"""Sliced and max-sliced transport: exact on every line, over random directions or the worst one."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from gantlet.core.errors import ConfigError
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.transport.certificate import Certificate
from gantlet.transport.problem import Points, Problem
from gantlet.transport.result import TransportResult
from gantlet.transport.solver import SOLVERS, Solver

STARTS = 8
ASCENT = 100


@dataclass(frozen=True, eq=False)
class LinePlan:
    """The monotone plan on a line: ``mass`` [s] moves from row ``source`` [s] to row ``target`` [s]."""

    mass: Float64[np.ndarray, " s"]
    source: Int64[np.ndarray, " s"]
    target: Int64[np.ndarray, " s"]


def line_plan(
    source: Float64[np.ndarray, " n"],
    target: Float64[np.ndarray, " m"],
    source_masses: Float64[np.ndarray, " n"],
    target_masses: Float64[np.ndarray, " m"],
) -> LinePlan:
    """Return the optimal plan on a line, for every convex cost: quantile goes to quantile; sizes may differ.

    Source: Peyré & Cuturi 2019, arXiv:1803.00567, Remark 2.30.
    """
    first, second = np.argsort(source, kind="stable"), np.argsort(target, kind="stable")
    ends, other_ends = np.cumsum(source_masses[first]), np.cumsum(target_masses[second])
    levels = np.sort(np.concatenate([ends[:-1], other_ends[:-1], [1.0]]))
    mass = np.diff(levels, prepend=0.0)
    middle = levels - mass / 2
    row = np.minimum(np.searchsorted(ends, middle), len(first) - 1)
    column = np.minimum(np.searchsorted(other_ends, middle), len(second) - 1)
    return LinePlan(mass, first[row], second[column])


def cost_along(source: Points, target: Points, direction: Float64[np.ndarray, " d"]) -> tuple[float, LinePlan]:
    """Return W₂² of the projections on a unit direction, and its plan."""
    x, y = source.points @ direction, target.points @ direction
    plan = line_plan(x, y, source.masses, target.masses)
    return float(plan.mass @ np.square(x[plan.source] - y[plan.target])), plan


def ascend(
    source: Points, target: Points, direction: Float64[np.ndarray, " d"]
) -> tuple[float, Float64[np.ndarray, " d"], int]:
    """Climb to a local maximum of θ ↦ W₂²(θ·x, θ·y) on the sphere; returns its cost, direction and steps.

    With the plan fixed the cost is θᵀMθ, M = Σ P_ij (x_i − y_j)(x_i − y_j)ᵀ, and θ ← Mθ/|Mθ|. W₂²(θ) is the least of
    such quadratic forms, so a step is kept only where the true cost rises. Source: Deshpande et al. 2019,
    arXiv:1904.05877, Eq. 8; the power step is ours.
    """
    value, plan = cost_along(source, target, direction)
    for step in range(ASCENT):
        moved = source.points[plan.source] - target.points[plan.target]
        pull = (plan.mass * (moved @ direction)) @ moved
        length = float(np.linalg.norm(pull))
        if length == 0.0:
            return value, direction, step
        rate, improved = 1.0, False
        while rate > 1e-3 and not improved:
            trial = (1 - rate) * direction + rate * pull / length
            trial /= np.linalg.norm(trial)
            renewed, renewed_plan = cost_along(source, target, trial)
            improved = renewed > value * (1 + 1e-10)
            rate /= 2
        if not improved:
            return value, direction, step
        value, plan, direction = renewed, renewed_plan, trial
    return value, direction, ASCENT


@SOLVERS.register(
    "sliced",
    source="Rabin et al. 2011; Bonneel et al. 2015, J. Math. Imaging Vis. 51; Deshpande et al. 2019, arXiv:1904.05877",
    costs=("quadratic",),
)
@dataclass(frozen=True)
class Sliced(Solver):
    """Sliced transport: the mean, or with ``maximum`` the largest, one-dimensional cost over directions.

    SW₂² = mean_θ W₂²(θ·x, θ·y); max-SW₂² = max_θ W₂²(θ·x, θ·y), |θ| = 1.
    Args: directions: their number, drawn from ``seed``; maximum: climb from the best ones to a local maximum.
    Returns: cost; details: the standard error over directions, the best direction [d]. The certificate's lower bound
    is the largest cost along a line, because W₂² is at least that. Sizes and masses may differ. Raises: ConfigError.
    Source: Bonneel et al. 2015, Def. 3; max: Deshpande et al. 2019, arXiv:1904.05877, Def. 2.
    """

    directions: int = 256
    maximum: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.directions < 2:
            raise ConfigError(f"expected at least 2 directions; got {self.directions}")

    def __call__(self, problem: Problem) -> TransportResult:
        """Solve; see the class."""
        source, target = problem.points
        unit = numpy_stream(self.seed, "directions").standard_normal((self.directions, source.dim))
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        costs = np.array([cost_along(source, target, direction)[0] for direction in unit])
        order = np.argsort(-costs)
        largest, best, steps, settled = float(costs[order[0]]), unit[order[0]], 0, True
        if self.maximum:
            ascents = [ascend(source, target, unit[i]) for i in order[:STARTS]]
            largest, best, _ = max(ascents, key=lambda one: one[0])
            steps = sum(one[2] for one in ascents)
            settled = all(one[2] < ASCENT for one in ascents)
        error = float(costs.std(ddof=1) / np.sqrt(self.directions))
        kind = "a local maximum from each start" if settled else f"{ASCENT} ascent steps used up"
        return TransportResult(
            method="sliced",
            cost=largest if self.maximum else float(costs.mean()),
            certificate=Certificate("exact", lower=largest),
            iterations=self.directions + steps,
            seconds=0.0,
            converged=settled,
            reason=kind
            if self.maximum
            else f"mean of {counted(self.directions, 'direction')}, standard error {error:.2g}",
            details={"standard_error": error, "direction": best},
        )
