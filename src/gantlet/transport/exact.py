"""Exact transport between two sets of points: POT's network simplex, and a check of its optimality."""

import warnings
from dataclasses import dataclass

import numpy as np

from gantlet.core.errors import ConfigError, GantletError
from gantlet.transport.certificate import Certificate
from gantlet.transport.problem import Problem
from gantlet.transport.result import TransportResult
from gantlet.transport.solver import SOLVERS, Solver

LARGEST = 2 * 10**8


@SOLVERS.register(
    "exact", source="Kantorovich 1942; Bonneel et al. 2011, ACM TOG 30(6)", costs=("quadratic", "euclidean")
)
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
        import ot

        source, target = problem.points
        a, b = source.masses, target.masses
        if len(a) * len(b) > LARGEST:
            raise ConfigError(f"exact needs a cost matrix of {len(a)} × {len(b)}; expected at most {LARGEST:g} entries")
        cost = problem.cost_matrix().numpy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plan, log = ot.emd(a, b, cost, numItermax=self.iterations, log=True)
        if log["warning"] is not None:
            raise GantletError(f"POT's network simplex gave up: {log['warning']}. Use fewer points or more iterations")
        g = np.asarray(log["v"])
        f = (cost - g).min(axis=1)
        lower, upper = float(a @ f + b @ g), float((plan * cost).sum())
        error = float(np.abs(plan.sum(axis=0) - b).sum() + np.abs(plan.sum(axis=1) - a).sum()) / 2
        gap = upper - lower
        converged = gap <= 1e-9 * max(float(cost.max()), np.finfo(np.float64).tiny)
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
        )
