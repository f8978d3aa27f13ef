"""Semi-discrete transport in the plane and in space, to rounding: damped Newton steps on exact power cells."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.transport.brenier import Brenier
from gantlet.transport.certificate import exact
from gantlet.transport.continuous import Polygon, class_name
from gantlet.transport.exact_cells import Domain, uniform_domain
from gantlet.transport.newton import Cells, descend, worst
from gantlet.transport.problem import Problem
from gantlet.transport.result import CELLS, TransportResult
from gantlet.transport.rounding import rounding
from gantlet.transport.solver import SOLVERS, Solver

ROUNDING = 1e-7
"""A result has not converged if rounding of its potential to float64 may change a mass by more than this share."""


def inside(points: Float64[np.ndarray, "n d"], domain: Domain) -> tuple[float, Float64[np.ndarray, " d"]]:
    """Return s > 0 and t such that s·y + t lies in the domain for every point and nearly fills it.

    max_i(⟨x, y_i⟩ + h_i) has the same cells for s·y + t and s·h − ⟨…⟩, so the Voronoi cells of s·y + t are cells of the
    problem, and none of them is empty.
    """
    if isinstance(domain, Polygon):
        ends = np.roll(domain.vertices, -1, axis=0) - domain.vertices
        outward = ends[:, ::-1] * np.array([1.0, -1.0])
    else:
        outward = np.vstack([np.eye(domain.dim), -np.eye(domain.dim)])
    room = ((domain.vertices - domain.centre) @ outward.T).max(axis=0)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = ((points - middle) @ outward.T).max(axis=0)
    if not (reach > 0).any():  # a single point
        return 1.0, domain.centre - middle
    scale = 0.99 * float((room[reach > 0] / reach[reach > 0]).min())
    return scale, domain.centre - scale * middle


@SOLVERS.register(
    "semidiscrete-newton", source="Kitagawa, Mérigot & Thibert 2019, arXiv:1603.05579", costs=("quadratic",)
)
@dataclass(frozen=True)
class SemidiscreteNewton(Solver):
    """Exact semi-discrete transport from the uniform distribution on a convex polygon, or on a box in space, by damped Newton steps.

    Solve w(g) = ν, w_i the area or volume of the power cell of |x − y_i|² − g_i (`newton.descend`), in the problem's `Frame`.
    Args: tolerance: on max |w_i/ν_i − 1|; steps: the most Newton steps. Returns: target_potential g [m], map, brenier; cost: the dual
    value, an exact integral like both bounds; details: masses, mass_error, the largest relative error of a mass,
    rounding, what rounding of the map's potential may add to it, and potential_rounding, what rounding of g adds where cells are
    computed from g and the targets as given (large where they lie far from the source: there use the map).
    Raises: ConfigError (source not Box or Polygon), ShapeError (d not 2 or 3), DataError (duplicate targets, in the plane nearly collinear ones).
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
        if source.dim not in (2, 3):
            raise ShapeError(
                f"semidiscrete-newton works in 2 and 3 dimensions; got {source.dim}. Use semidiscrete-stochastic"
            )
        if uniform_domain(source) is None:
            raise ConfigError(
                f"semidiscrete-newton takes a Box, in the plane also a Polygon, as source; got {class_name(source)}"
            )
        start = Brenier(source, target, np.zeros(len(target.points)))
        domain, sites = start.framed_domain, start.sites
        cells, steps, why = descend(
            _begin(problem, start, domain),
            sites,
            target.masses,
            domain,
            tolerance=self.tolerance,
            steps=self.steps,
            deadline=problem.deadline,
            tell=lambda step: problem.tell(step, self.steps),
        )
        potential = Brenier.of_framed(source, target, (cells.weights - np.square(sites).sum(axis=1)) / 2)
        off = worst(cells.masses, target.masses)
        moved, in_g = rounding(potential, domain, cells.walls, cells.masses)
        certificate = exact(potential, domain, moved)
        return TransportResult(
            method="semidiscrete-newton",
            cost=float(certificate.lower or 0.0),
            certificate=certificate,
            iterations=steps,
            seconds=0.0,
            converged=off <= self.tolerance and moved <= ROUNDING,
            reason=_reason(off, self.tolerance, why, moved),
            target_potential=potential.weights,
            map=potential.map,
            map_kind=CELLS,
            brenier=potential,
            details={"mass_error": off, "masses": cells.masses, "rounding": moved, "potential_rounding": in_g},
        )


def _begin(problem: Problem, blank: Brenier, domain: Domain) -> Cells:
    """Return the cells of an earlier result where it has no empty one, else those of the sites moved into the domain."""
    sites = blank.sites
    lengths = np.square(sites).sum(axis=1)
    if problem.start is not None and problem.start.brenier is not None:
        earlier = Cells.of(sites, 2 * problem.start.brenier.dual_potential / blank.frame.unit + lengths, domain)
        if earlier.masses.min() > 0:
            return earlier
    scale, shift = inside(sites, domain)
    return Cells.of(sites, lengths - np.square(scale * sites + shift).sum(axis=1) / scale, domain)


def _reason(off: float, tolerance: float, why: str, moved: float) -> str:
    relation = "≤" if off <= tolerance else "is still above"
    reason = f"largest relative error of a mass {off:.2g} {relation} {tolerance:g}{why}"
    if moved <= ROUNDING:
        return reason
    return (
        f"{reason}; rounding of the potential may change a mass by {moved:.2g}: merge targets that nearly coincide "
        "relative to their spread"
    )
