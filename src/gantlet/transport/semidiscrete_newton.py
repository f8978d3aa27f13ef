"""Semi-discrete transport in the plane, to rounding: damped Newton steps on exact power cells."""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.transport.brenier import Brenier
from gantlet.transport.certificate import exact
from gantlet.transport.continuous import Box, Polygon
from gantlet.transport.power_diagram import Facets, cell_moments, facets, laplacian, masses
from gantlet.transport.problem import Problem
from gantlet.transport.result import TransportResult
from gantlet.transport.solver import SOLVERS, Solver

HALVINGS = 40
ROUNDING = 1e-6
"""A result has not converged if rounding of its potential to float64 may change a mass by more than this share."""


@dataclass(frozen=True, eq=False)
class _State:
    """Weights g [n] with the masses [n] and facets of their cells."""

    weights: Float64[np.ndarray, " n"]
    masses: Float64[np.ndarray, " n"]
    edges: Facets


def _state(sites: Float64[np.ndarray, "n 2"], weights: Float64[np.ndarray, " n"], domain: Polygon) -> _State:
    edges = facets(sites, weights, domain)
    return _State(weights, masses(sites, weights, domain, edges), edges)


def inside(points: Float64[np.ndarray, "n 2"], domain: Polygon) -> tuple[float, Float64[np.ndarray, " 2"]]:
    """Return s > 0 and b such that s·y + b lies in the polygon for every point; 1 and 0 where they all do already.

    max_i(⟨x, y_i⟩ + h_i) has the same cells for s·y + b and s·h, so this only makes the Voronoi cells non-empty.
    """
    ends = np.roll(domain.vertices, -1, axis=0) - domain.vertices
    outward = ends[:, ::-1] * np.array([1.0, -1.0])
    room = ((domain.vertices - domain.centre) * outward).sum(axis=1)
    if (((points - domain.centre) @ outward.T) < room).all():
        return 1.0, np.zeros(2)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = ((points - middle) @ outward.T).max(axis=0)
    scale = 0.99 * float((room[reach > 0] / reach[reach > 0]).min())
    return scale, domain.centre - scale * middle


@SOLVERS.register(
    "semidiscrete-newton", source="Kitagawa, Mérigot & Thibert 2019, arXiv:1603.05579", costs=("quadratic",)
)
@dataclass(frozen=True)
class SemidiscreteNewton(Solver):
    """Exact semi-discrete transport in the plane, from the uniform distribution on a convex polygon, by damped Newton steps.

    Solve w(g) = ν, w_i the area of the power cell of |x − y_i|² − g_i; (∂w/∂g) δ = ν − w by a sparse factorisation;
    g + 2^(−l) δ with the first l that keeps every w ≥ ½ min(min w⁰, min ν) and has |ν − w| ≤ (1 − 2^(−l−1)) of before.
    Args: tolerance: on max |w_i/ν_i − 1|; steps: the most Newton steps. Returns: target_potential g [m], map, brenier; cost: the dual
    value, an exact integral like both bounds; details: masses, mass_error, the largest relative error of a mass, and
    rounding, what rounding of g may add to it (large where targets lie far from the origin relative to their spread).
    Raises: ConfigError (source not Box or Polygon), ShapeError (d ≠ 2), DataError (duplicate or collinear targets).
    Source: Kitagawa, Mérigot & Thibert 2019, arXiv:1603.05579, Alg. 1.
    """

    tolerance: float = 1e-8
    steps: int = 100

    def __post_init__(self) -> None:
        for name in ("tolerance", "steps"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"expected {name} > 0; got {getattr(self, name)}")

    def __call__(self, problem: Problem) -> TransportResult:
        """Solve; see the class."""
        source, target = problem.semidiscrete
        if not isinstance(source, Box | Polygon):
            raise ConfigError(f"semidiscrete-newton takes a Box or Polygon as source; got {type(source).__name__}")
        if source.dim != 2:
            raise ShapeError(
                f"semidiscrete-newton works in 2 dimensions; got {source.dim}. Use semidiscrete-stochastic"
            )
        domain = source if isinstance(source, Polygon) else source.polygon
        scale, shift = inside(target.points, domain)
        sites = scale * target.points + shift
        state, steps, why = self._iterate(sites, target.masses, domain)
        # The dual potential of the moved sites is s times that of the targets, minus ⟨x, b⟩, which changes no cell.
        dual_potential = (state.weights - np.square(sites).sum(axis=1)) / 2 / scale
        g = 2 * dual_potential + np.square(target.points).sum(axis=1)
        g -= target.masses @ g
        moved = scale * _rounding(target.points, g) * 2 * laplacian(sites, domain, state.edges).diagonal()
        certificate = exact(domain, target, g, cell_moments(sites, state.weights, domain, state.edges))
        certificate = replace(
            certificate, marginal_error=min(float(certificate.marginal_error or 0.0) + float(moved.sum()) / 2, 1.0)
        )
        worst, rounding = _worst(state.masses, target.masses), float((moved / target.masses).max())
        potential = Brenier.of_weights(source, target, g)
        return TransportResult(
            method="semidiscrete-newton",
            cost=float(certificate.lower or 0.0),
            certificate=certificate,
            iterations=steps,
            seconds=0.0,
            converged=worst <= self.tolerance and rounding <= ROUNDING,
            reason=_reason(worst, self.tolerance, why, rounding),
            target_potential=g,
            map=potential.map,
            brenier=potential,
            details={"mass_error": worst, "masses": state.masses, "rounding": rounding},
        )

    def _iterate(
        self, sites: Float64[np.ndarray, "n 2"], target_masses: Float64[np.ndarray, " n"], domain: Polygon
    ) -> tuple[_State, int, str]:
        state = _state(sites, np.zeros(len(sites)), domain)
        floor = min(float(state.masses.min()), float(target_masses.min())) / 2
        for step in range(self.steps):
            if _worst(state.masses, target_masses) <= self.tolerance:
                return state, step, ""
            matrix = laplacian(sites, domain, state.edges)[1:, 1:]
            rise = _factor(matrix).solve((target_masses - state.masses)[1:])
            damped = _damped(state, np.append(0.0, rise), sites, target_masses, domain=domain, floor=floor)
            if damped is None:
                return state, step, "; no damped step lowers the error further (rounding)"
            state = damped
        return state, self.steps, f" after {self.steps} steps"


def _worst(masses: Float64[np.ndarray, " n"], target_masses: Float64[np.ndarray, " n"]) -> float:
    return float(np.abs(masses / target_masses - 1).max())


def _rounding(points: Float64[np.ndarray, "n 2"], g: Float64[np.ndarray, " n"]) -> float:
    """Return the rounding error of g after it is split into h and |y|² and recombined: four half-ulps of either."""
    return 2 * float(np.finfo(np.float64).eps) * float(np.square(points).sum(axis=1).max() + np.abs(g).max())


def _reason(worst: float, tolerance: float, why: str, rounding: float) -> str:
    relation = "≤" if worst <= tolerance else "is still above"
    reason = f"largest relative error of a mass {worst:.2g} {relation} {tolerance:g}{why}"
    if rounding <= ROUNDING:
        return reason
    return (
        f"{reason}; rounding of the potential may change a mass by {rounding:.2g}: move the targets near the origin, and merge "
        "those that nearly coincide"
    )


def _factor(matrix: scipy.sparse.csc_array) -> scipy.sparse.linalg.SuperLU:
    """Factorise a positive definite matrix: without pivoting its symmetric ordering keeps the factors sparse."""
    symmetric = {"SymmetricMode": True}
    return scipy.sparse.linalg.splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)


def _damped(
    state: _State,
    direction: Float64[np.ndarray, " n"],
    sites: Float64[np.ndarray, "n 2"],
    target_masses: Float64[np.ndarray, " n"],
    *,
    domain: Polygon,
    floor: float,
) -> _State | None:
    error = float(np.linalg.norm(target_masses - state.masses))
    rate = 1.0
    for _ in range(HALVINGS):
        trial = _state(sites, state.weights + rate * direction, domain)
        left = float(np.linalg.norm(target_masses - trial.masses))
        if trial.masses.min() >= floor and left <= (1 - rate / 2) * error:
            return trial
        rate /= 2
    return None
