"""Entropic optimal transport in the log domain: potentials, cost, and the debiased divergence."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.errors import ConfigError, GantletError, NonFiniteError
from gantlet.core.words import counted
from gantlet.transport.costs import Tiles
from gantlet.transport.softmin import Softmin

ITERATIONS = 2000
TOLERANCE = 1e-3
ANNEALING = 0.5
Masses = tuple[Float64[Tensor, " n"], Float64[Tensor, " m"]]


class NotConverged(GantletError):
    """The marginal constraint is still violated by more than the tolerance when the iterations are used up."""

    def __init__(self, error: float, iterations: int, tolerance: float, epsilon: float) -> None:
        super().__init__(
            f"Sinkhorn's iterations did not converge: Σ|P1 − a| = {error:.2g} after {counted(iterations, 'step')}; expected at "
            f"most {tolerance:g}. Raise epsilon (now {epsilon:.3g}), iterations or tolerance"
        )


@dataclass(frozen=True, eq=False)
class EntropicTransport:
    """The dual solution of min_P ⟨P, C⟩ + ε KL(P ‖ a bᵀ): potentials f [n], g [m] and the optimal value.

    ``error``: Σ|P1 − a|, the violation of the first marginal constraint; the second holds exactly. ``masses``: a and b.
    """

    value: float
    real: Float64[Tensor, " n"]
    fake: Float64[Tensor, " m"]
    epsilon: float
    error: float
    iterations: int
    masses: Masses

    def plan(self, cost: Float64[Tensor, "n m"]) -> Float64[Tensor, "n m"]:
        """Return P_ij = a_i b_j exp((f_i + g_j − C_ij)/ε)."""
        return self.part(cost, slice(0, len(self.real)))

    def part(self, rows: Float64[Tensor, "k m"], where: slice) -> Float64[Tensor, "k m"]:
        """Return rows ``where`` of the plan from those of the cost."""
        a, b = self.masses
        exponent = (self.real[where, None] + self.fake[None, :] - rows) / self.epsilon
        return exponent.exp_().mul_(a[where, None]).mul_(b)


def sinkhorn(
    cost: Float64[Tensor, "n m"], epsilon: float, tolerance: float = TOLERANCE, iterations: int = ITERATIONS
) -> EntropicTransport:
    """Solve entropic optimal transport between two uniform weights; as `balance`, but raises NotConverged.

    Args: cost [n, m], float64, finite; epsilon > 0, in units of cost; tolerance: on Σ|P1 − a|; iterations: at the
    target ε. Raises: ConfigError (epsilon ≤ 0), NonFiniteError, NotConverged.
    """
    _check(cost, epsilon)
    result = balance(Tiles(cost.shape[0], cost.shape[1], whole=cost), epsilon, tolerance, iterations)
    return _converged(result, tolerance)


def sinkhorn_to_itself(
    cost: Float64[Tensor, "n n"], epsilon: float, tolerance: float = TOLERANCE, iterations: int = ITERATIONS
) -> EntropicTransport:
    """Solve entropic transport of a uniform set to itself; as `balance_to_itself`, but raises NotConverged."""
    _check(cost, epsilon)
    result = balance_to_itself(Tiles(cost.shape[0], cost.shape[1], whole=cost), epsilon, tolerance, iterations)
    return _converged(result, tolerance)


def balance(
    cost: Tiles,
    epsilon: float,
    tolerance: float = TOLERANCE,
    iterations: int = ITERATIONS,
    *,
    masses: Masses | None = None,
    start: Float64[Tensor, " m"] | None = None,
    deadline: float = math.inf,
    tell: Callable[[int, int], None] | None = None,
) -> EntropicTransport:
    """Solve entropic optimal transport by alternating log-sum-exp updates, until Σ|P1 − a| ≤ tolerance or time is up.

    f_i = −ε log Σ_j b_j exp((g_j − C_ij)/ε) and its mirror, with ε halved from the largest cost down to its target.

    Args: masses: a [n], b [m], None for uniform; start: g [m] to begin with, at the target ε; deadline: a
    `time.monotonic()` after which no step begins. Returns: `EntropicTransport`; value in units of cost.
    Convention: entropy relative to a bᵀ, so the value lies between 0 and ⟨abᵀ, C⟩ for costs ≥ 0. Memory: a tile of
    rows at a time. Source: Cuturi 2013, arXiv:1306.0895; log domain and annealing: Schmitzer 2019, arXiv:1610.06519.
    """
    a, b = masses or (_uniform(cost.n), _uniform(cost.m))
    rows = Softmin.of(cost, b)
    columns = rows.flipped(a)
    g = torch.zeros(cost.m, dtype=torch.float64) if start is None else start.clone()
    for eps in _annealed(_range(cost), epsilon) if start is None else []:
        if time.monotonic() > deadline:
            break
        g = columns(rows(g, eps), eps)
    f, step = rows(g, epsilon), 0
    while True:
        g = columns(f, epsilon)
        renewed = rows(g, epsilon)
        step, error = step + 1, float(a @ torch.expm1((f - renewed) / epsilon).abs())
        if tell is not None:
            tell(step, iterations)
        if error <= tolerance or step == iterations or time.monotonic() > deadline:
            return EntropicTransport(float(a @ f + b @ g), f, g, epsilon, error, step, (a, b))
        f = renewed


def balance_to_itself(
    cost: Tiles,
    epsilon: float,
    tolerance: float = TOLERANCE,
    iterations: int = ITERATIONS,
    *,
    masses: Float64[Tensor, " n"] | None = None,
    deadline: float = math.inf,
) -> EntropicTransport:
    """Solve entropic transport of a set to itself (symmetric cost), by averaged updates of its one potential.

    f ← (f + softmin(f))/2 converges within a few steps. Arguments and returns as `balance`.
    Source: Feydy et al. 2019, arXiv:1810.08278, Eq. 25.
    """
    a = _uniform(cost.n) if masses is None else masses
    f, rows = torch.zeros(cost.n, dtype=torch.float64), Softmin.of(cost, a)
    for eps in _annealed(_range(cost), epsilon):
        if time.monotonic() > deadline:
            break
        f = (f + rows(f, eps)) / 2
    for step in range(iterations):
        renewed = rows(f, epsilon)
        error = float(a @ torch.expm1((f - renewed) / epsilon).abs())
        if error <= tolerance or step + 1 == iterations or time.monotonic() > deadline:
            break
        f = (f + renewed) / 2
    return EntropicTransport(float(2 * (a @ f)), f, f, epsilon, error, step, (a, a))


def _converged(result: EntropicTransport, tolerance: float) -> EntropicTransport:
    if result.error > tolerance:
        raise NotConverged(result.error, result.iterations, tolerance, result.epsilon)
    return result


def _check(cost: Float64[Tensor, "n m"], epsilon: float) -> None:
    if not epsilon > 0:
        raise ConfigError(f"expected epsilon > 0; got {epsilon}")
    if cost.numel() == 0 or not torch.isfinite(cost).all():
        raise NonFiniteError("expected a cost matrix with rows and columns and finite entries; check the features")


def _uniform(n: int) -> Float64[Tensor, " n"]:
    return torch.full((n,), 1 / n, dtype=torch.float64)


def _range(cost: Tiles) -> float:
    """Return max C − min C, where C is computed by tiles over eight of them: annealing starts there, and need not be exact."""
    starts = range(0, cost.n, cost.height)[:: 1 if cost.whole is not None else max(1, cost.n // cost.height // 8)]
    ends = [
        (float(tile.min()), float(tile.max()))
        for tile in (cost.rows(start, min(start + cost.height, cost.n)) for start in starts)
    ]
    return max(high for _, high in ends) - min(low for low, _ in ends)


def _annealed(start: float, target: float) -> list[float]:
    levels = []
    while start > target:
        levels.append(start)
        start *= ANNEALING
    return levels
