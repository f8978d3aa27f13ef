"""Wasserstein barycentres: of free points by exact or entropic plans, and on a given support by entropic ones."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.transport.arrays import as_array, as_vector
from gantlet.transport.costs import Tiles, quadratic
from gantlet.transport.problem import Points, problem
from gantlet.transport.softmin import Softmin
from gantlet.transport.solving import solve


@dataclass(frozen=True, eq=False)
class Barycentre:
    """A barycentre: ``points`` [k, d] with ``masses`` [k]; ``cost``: Σ λ_s W₂² to the measures (entropic on a given support)."""

    points: Float64[np.ndarray, "k d"]
    masses: Float64[np.ndarray, " k"]
    cost: float
    iterations: int
    converged: bool
    reason: str


def barycentre(
    measures: Sequence[Any],
    weights: Any = None,
    *,
    masses: Sequence[Any] | None = None,
    size: int = 0,
    support: Any = None,
    method: str = "exact",
    epsilon: float = 0.05,
    tolerance: float = 1e-6,
    iterations: int = 1000,
    seed: int = 0,
    time_limit: float | int = math.inf,
) -> Barycentre:
    """Return the measure β that minimises Σ_s λ_s W₂²(β, ν_s).

    Without ``support``: ``size`` points (0: those of the first measure) of equal mass, moved to the mean of where the plans send them
    until none moves by more than tolerance times their spread; each step lowers the cost. The start is drawn from all
    measures, and the limit may depend on it.
    With support [k, d]: the masses there, by iterated Bregman projections of entropic plans in the log domain, ε relative to the mean
    cost, until Σ|P_sᵀ1 − β| ≤ tolerance for every s.
    Args: measures: points [n_s, d] each; weights: λ > 0 of sum 1, None for equal ones; masses: of each measure; method: a spec for
    free points; time_limit in seconds. Raises: ConfigError, ShapeError and as `solve`.
    Source: free: Cuturi & Doucet 2014, arXiv:1310.4375, Alg. 2; Álvarez-Esteban et al. 2016; fixed: Benamou et al. 2015,
    arXiv:1412.5154, §3.2.
    """
    if not len(measures):
        raise ConfigError("expected at least 1 measure; got 0")
    given = [None] * len(measures) if masses is None else list(masses)
    if len(given) != len(measures):
        raise ShapeError(
            f"expected masses of {counted(len(measures), 'measure')}, None for equal ones; got {len(given)}"
        )
    pairs = [problem(one, one, "quadratic", source_masses=m).points[0] for one, m in zip(measures, given, strict=True)]
    if len({side.dim for side in pairs}) > 1:
        raise ShapeError(f"expected measures in one space; got dimensions {[side.dim for side in pairs]}")
    share = np.full(len(pairs), 1 / len(pairs)) if weights is None else as_vector("weights", weights)
    if len(share) != len(pairs) or not (share > 0).all() or abs(share.sum() - 1) > 1e-6:
        raise ConfigError(
            f"expected {counted(len(pairs), 'weight')} > 0 of sum 1, one per measure; got {share.tolist()}"
        )
    if size < 0 or iterations < 1 or not min(epsilon, tolerance, time_limit) > 0:
        raise ConfigError("expected size ≥ 0, iterations ≥ 1, epsilon, tolerance and time_limit > 0")
    deadline = time.monotonic() + time_limit
    if support is not None:
        return _fixed(pairs, share, as_array("support", support), epsilon, (tolerance, iterations, deadline))
    start = _start(pairs, share, size or len(pairs[0].points), seed)
    return _free(pairs, share, start, method, (tolerance, iterations, deadline))


Stop = tuple[float, int, float]


def _start(
    measures: list[Points], share: Float64[np.ndarray, " s"], size: int, seed: int
) -> Float64[np.ndarray, "k d"]:
    points = np.concatenate([side.points for side in measures])
    chance = np.concatenate([part * side.masses for part, side in zip(share, measures, strict=True)])
    rng = numpy_stream(seed, "barycentre")
    drawn = points[rng.choice(len(points), size, p=chance / chance.sum())]
    return drawn + 1e-3 * points.std(axis=0) * rng.standard_normal(drawn.shape)


def _free(
    measures: list[Points],
    share: Float64[np.ndarray, " s"],
    points: Float64[np.ndarray, "k d"],
    method: str,
    stop: Stop,
) -> Barycentre:
    tolerance, iterations, deadline = stop
    spread, moved, step, cost = 1.0, math.inf, 0, math.nan
    while step < iterations and moved > tolerance * spread and (step == 0 or time.monotonic() <= deadline):
        new, cost = np.zeros_like(points), 0.0
        for part, side in zip(share, measures, strict=True):
            found = solve(points, side.points, method=method, target_masses=side.masses)
            if found.plan is None:
                raise ConfigError(f"a barycentre needs a method with a plan, exact or sinkhorn; got {method!r}")
            new += part * (found.plan @ side.points) / found.plan.sum(axis=1, keepdims=True)
            cost += part * found.cost
        moved, step = float(np.abs(new - points).max()), step + 1
        spread, points = float(np.ptp(new, axis=0).max()) or 1.0, new
    reached = moved <= tolerance * spread
    reason = f"last step moved a point by {moved:.2g}, {'≤' if reached else 'more than'} {tolerance:g} of the spread"
    return Barycentre(points, np.full(len(points), 1 / len(points)), cost, step, reached, reason)


def _fixed(
    measures: list[Points], share: Float64[np.ndarray, " s"], support: np.ndarray, epsilon: float, stop: Stop
) -> Barycentre:
    if support.ndim != 2 or support.shape[1] != measures[0].dim or not len(support):
        raise ShapeError(f"expected a support of shape [k, {measures[0].dim}]; got {list(support.shape)}")
    tolerance, iterations, deadline = stop
    places = torch.from_numpy(support)
    costs = [quadratic(torch.from_numpy(side.points), places) for side in measures]
    eps = epsilon * sum(float(part * cost.mean()) for part, cost in zip(share, costs, strict=True))
    ones = torch.ones(len(support), dtype=torch.float64)
    rows = [Softmin.of(Tiles(len(cost), len(support), whole=cost), ones) for cost in costs]
    columns = [row.flipped(torch.from_numpy(side.masses)) for row, side in zip(rows, measures, strict=True)]
    potentials = [torch.zeros_like(ones) for _ in costs]
    error, step, logs = math.inf, 0, ones
    while step < iterations and error > tolerance and (step == 0 or time.monotonic() <= deadline):
        fs = [row(g, eps) for row, g in zip(rows, potentials, strict=True)]
        held = [column(f, eps) for column, f in zip(columns, fs, strict=True)]
        logs = -sum((part * q for part, q in zip(share.tolist(), held, strict=True)), torch.zeros_like(ones)) / eps
        error = max(
            float((((g - q) / eps).exp() - logs.exp()).abs().sum()) for g, q in zip(potentials, held, strict=True)
        )
        potentials, step = [eps * logs + q for q in held], step + 1
    cost = sum(float(part) * _spent(c, f, g, side, eps)
               for part, c, f, g, side in zip(share, costs, fs, potentials, measures, strict=True))  # fmt: skip
    found, reached = logs.exp().numpy(), error <= tolerance
    reason = f"Σ|P1 − β| = {error:.2g} {'≤' if reached else 'above'} {tolerance:g} after {counted(step, 'step')}"
    return Barycentre(support, found / found.sum(), cost, step, reached, reason)


def _spent(
    cost: Float64[Tensor, "n k"], f: Float64[Tensor, " n"], g: Float64[Tensor, " k"], side: Points, epsilon: float
) -> float:
    plan = ((f[:, None] + g - cost) / epsilon).exp() * torch.from_numpy(side.masses)[:, None]
    return float((plan * cost).sum() / plan.sum())
