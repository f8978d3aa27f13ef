"""Sinkhorn as a solver: entropic plan, its map, and the debiased divergence."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64

from gantlet.core.errors import ConfigError
from gantlet.transport.certificate import Certificate
from gantlet.transport.problem import Points, Problem
from gantlet.transport.result import Map, TransportResult
from gantlet.transport.sinkhorn import sinkhorn, sinkhorn_to_itself
from gantlet.transport.solver import SOLVERS, Solver


@SOLVERS.register("sinkhorn", source="Cuturi 2013, arXiv:1306.0895", costs=("quadratic", "euclidean"))
@dataclass(frozen=True)
class Sinkhorn(Solver):
    """Entropic transport by Sinkhorn's iterations in the log domain, with the debiased divergence.

    min_P ⟨P, C⟩ + ε KL(P ‖ abᵀ); S_ε = OT_ε(a, b) − ½OT_ε(a, a) − ½OT_ε(b, b).
    Args: epsilon: relative to the mean of the cost matrix; tolerance: on Σ|P1 − a|; iterations: at the target ε.
    Returns: cost ⟨P, C⟩ of the plan; details: epsilon (absolute), regularised (the optimal value with its
    entropy), divergence S_ε. The map (quadratic cost) is the barycentric projection out of sample. The certificate's
    lower bound is the dual value of the c-transformed potential. Raises: ConfigError (masses that are not uniform),
    NotConverged. Source: Cuturi 2013, arXiv:1306.0895; map: Pooladian & Niles-Weed 2021, arXiv:2109.12004.
    """

    epsilon: float = 0.05
    tolerance: float = 1e-3
    iterations: int = 2000

    def __call__(self, problem: Problem) -> TransportResult:
        """Solve; see the class."""
        source, target = problem.points
        if not (source.uniform and target.uniform):
            raise ConfigError("sinkhorn takes uniform masses only; got other masses. Use exact, or omit the masses")
        cost = problem.cost_matrix()
        scale = float(cost.mean())
        if not (scale > 0 and self.epsilon > 0):
            raise ConfigError(
                f"expected epsilon > 0 and points that differ; got epsilon={self.epsilon}, mean cost {scale}"
            )
        epsilon = self.epsilon * scale
        solution = sinkhorn(cost, epsilon, self.tolerance, self.iterations)
        own = [
            sinkhorn_to_itself(
                Problem(side, side, problem.cost).cost_matrix(), epsilon, self.tolerance, self.iterations
            )
            for side in (source, target)
        ]
        plan = solution.plan(cost)
        g = solution.fake
        lower = float((cost - g).amin(dim=1).mean() + g.mean())
        details = {
            "epsilon": epsilon,
            "regularised": solution.value,
            "divergence": solution.value - (own[0].value + own[1].value) / 2,
        }
        return TransportResult(
            method="sinkhorn",
            cost=float((plan * cost).sum()),
            certificate=Certificate("exact", lower=lower, marginal_error=solution.error / 2),
            iterations=solution.iterations,
            seconds=0.0,
            converged=True,
            reason=f"Σ|P1 − a| = {solution.error:.2g} ≤ {self.tolerance:g}",
            source_potential=solution.real.numpy(),
            target_potential=g.numpy(),
            plan=plan.numpy(),
            map=_projection(target, g.numpy(), epsilon) if problem.cost == "quadratic" else None,
            details=details,
        )


def _projection(target: Points, potential: Float64[np.ndarray, " m"], epsilon: float) -> Map:
    def project(points: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, "k d"]:
        y = torch.from_numpy(target.points)
        distance = torch.cdist(torch.from_numpy(points), y, compute_mode="donot_use_mm_for_euclid_dist")
        weights = torch.softmax((torch.from_numpy(potential) - distance.square()) / epsilon, dim=1)
        return (weights @ y).numpy()

    return project
