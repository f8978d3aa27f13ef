"""Entropic optimal transport in the log domain: potentials, cost, and the debiased divergence."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.errors import ConfigError, GantletError, NonFiniteError

ITERATIONS = 2000
TOLERANCE = 1e-3
ANNEALING = 0.5


class NotConverged(GantletError):
    """The marginal constraint is still violated by more than the tolerance when the iterations are used up."""

    def __init__(self, error: float, iterations: int, tolerance: float, epsilon: float) -> None:
        super().__init__(
            f"Sinkhorn's iterations did not converge: Σ|P1 − a| = {error:.2g} after {iterations} steps; expected at "
            f"most {tolerance:g}. Raise epsilon (now {epsilon:.3g}), iterations or tolerance"
        )


@dataclass(frozen=True, eq=False)
class EntropicTransport:
    """The dual solution of min_P ⟨P, C⟩ + ε KL(P ‖ a bᵀ): potentials f [n], g [m] and the optimal value.

    ``error``: Σ|P1 − a|, the violation of the first marginal constraint; the second holds exactly.
    """

    value: float
    real: Float64[Tensor, " n"]
    fake: Float64[Tensor, " m"]
    epsilon: float
    error: float
    iterations: int

    def plan(self, cost: Float64[Tensor, "n m"]) -> Float64[Tensor, "n m"]:
        """Return P_ij = exp((f_i + g_j − C_ij)/ε)/(nm), for uniform weights."""
        exponent = (self.real[:, None] + self.fake[None, :] - cost) / self.epsilon
        return exponent.exp() / cost.numel()


def sinkhorn(
    cost: Float64[Tensor, "n m"], epsilon: float, tolerance: float = TOLERANCE, iterations: int = ITERATIONS
) -> EntropicTransport:
    """Solve entropic optimal transport between two uniform weights by alternating log-sum-exp updates.

    f_i = −ε log (1/m) Σ_j exp((g_j − C_ij)/ε) and its mirror, with ε halved from the largest cost down to its target.

    Args: cost [n, m], float64, finite; epsilon > 0, in units of cost; tolerance: on Σ|P1 − a|; iterations: at the
    target ε. Returns: `EntropicTransport`; value in units of cost. Raises: ConfigError (epsilon ≤ 0), NonFiniteError,
    NotConverged. Convention: entropy relative to a bᵀ, so the value lies between 0 and ⟨abᵀ, C⟩ for
    costs ≥ 0. Source: Cuturi 2013, arXiv:1306.0895; log domain and annealing: Schmitzer 2019, arXiv:1610.06519.
    """
    _check(cost, epsilon)
    g = torch.zeros(cost.shape[1], dtype=torch.float64)
    for eps in _annealed(float(cost.max() - cost.min()), epsilon):
        g = _softmin(cost.T, _softmin(cost, g, eps), eps)
    error, step = float("inf"), 0
    f = _softmin(cost, g, epsilon)
    while error > tolerance:
        if step == iterations:
            raise NotConverged(error, iterations, tolerance, epsilon)
        g = _softmin(cost.T, f, epsilon)
        renewed = _softmin(cost, g, epsilon)
        error = float(torch.expm1((f - renewed) / epsilon).abs().mean())
        value = float(f.mean() + g.mean())
        result = EntropicTransport(value, f, g, epsilon, error, step + 1)
        f, step = renewed, step + 1
    return result


def sinkhorn_to_itself(
    cost: Float64[Tensor, "n n"], epsilon: float, tolerance: float = TOLERANCE, iterations: int = ITERATIONS
) -> EntropicTransport:
    """Solve entropic transport of a set to itself (symmetric cost), by averaged updates of its one potential.

    f ← (f + softmin(f))/2 converges within a few steps. Arguments, returns and errors as `sinkhorn`.
    Source: Feydy et al. 2019, arXiv:1810.08278, Eq. 25.
    """
    _check(cost, epsilon)
    f = torch.zeros(len(cost), dtype=torch.float64)
    for eps in _annealed(float(cost.max() - cost.min()), epsilon):
        f = (f + _softmin(cost, f, eps)) / 2
    error = float("inf")
    for step in range(iterations):
        renewed = _softmin(cost, f, epsilon)
        error = float(torch.expm1((f - renewed) / epsilon).abs().mean())
        if error <= tolerance:
            return EntropicTransport(float(2 * f.mean()), f, f, epsilon, error, step)
        f = (f + renewed) / 2
    raise NotConverged(error, iterations, tolerance, epsilon)


def _check(cost: Float64[Tensor, "n m"], epsilon: float) -> None:
    if not epsilon > 0:
        raise ConfigError(f"expected epsilon > 0; got {epsilon}")
    if cost.numel() == 0 or not torch.isfinite(cost).all():
        raise NonFiniteError("expected a cost matrix with rows and columns and finite entries; check the features")


def _softmin(cost: Float64[Tensor, "n m"], potential: Float64[Tensor, " m"], epsilon: float) -> Float64[Tensor, " n"]:
    exponent = potential[None, :].sub(cost).div_(epsilon)
    return -epsilon * (torch.logsumexp(exponent, dim=1) - math.log(cost.shape[1]))


def _annealed(start: float, target: float) -> list[float]:
    levels = []
    while start > target:
        levels.append(start)
        start *= ANNEALING
    return levels
