"""Brenier's map and Alexandrov's polytope are one: planes over cells of given areas, their dual hull, Minkowski's polygon."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import LabResult
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.inference.seeds import over_seeds, upper
from gantlet.labs import LABS
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.polytope_figure import draw
from gantlet.labs.polytopes import Edges, area, cell, dual_hull, edges_of
from gantlet.transport import solve
from gantlet.transport.brenier import Brenier
from gantlet.transport.continuous import Box
from gantlet.transport.ground_truth import square_pair

SOURCE = "Gu, Luo, Sun & Yau 2013, arXiv:1302.5472; Alexandrov, Convex Polyhedra; Minkowski 1897; Aurenhammer 1987, SIAM J. Comput. 16(1)"
CLAIM = (
    "Planes ⟨x, y_i⟩ + h_i whose upper envelope has faces of given projected areas exist and are unique but for a constant; faces "
    "are the cells of a power diagram, its dual a regular triangulation, and the optimal map is the envelope's gradient."
)
LIMIT = 1e-8
TOLERANCE = (
    "every error at most 1e-8 at the upper end of its interval over seeds (1e-8 is the solver's own tolerance of a cell's area), and every "
    "neighbour of the diagram an edge of the dual hull"
)
CHECKED = 100
"""Cells whose areas are computed again by half-planes."""


@dataclass(frozen=True, eq=False)
class Found:
    """One seed's polytope, with its errors."""

    potential: Brenier
    offsets: float
    areas: float
    dual: float
    polygon: float
    unmatched: int
    steps: int


def offsets_of(potential: Brenier) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, " n"]]:
    """Return slopes y_i and offsets h_i of u(x) = max_i ⟨x, y_i⟩ + h_i."""
    slopes = potential.target.points
    return slopes, potential.dual_potential - slopes @ np.asarray(potential.source.centre)


def examined(n: int, edges: int, seed: int) -> Found:
    """Solve for n areas whose planes are known, check the solution by other means, and solve Minkowski's problem.

    offsets: max |g − g*| over the range of the known g*; areas: max |area/ν − 1| by half-planes; dual: max |u*(y_i) + h_i| over
    the range of h, u* as the largest ⟨x, y_i⟩ − u(x) over the corners of the faces; polygon: the farthest corner over the diameter;
    unmatched: neighbours in the diagram that are no edge of the dual hull.
    """
    pair = square_pair(n, seed)
    assert pair.target is not None
    found = solve(pair.source, pair.target.points, method="semidiscrete-newton", target_masses=pair.target.masses)
    assert found.brenier is not None and found.target_potential is not None
    slopes, offsets = offsets_of(found.brenier)
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    chosen = range(min(len(slopes), CHECKED))
    cells = [cell(i, slopes, offsets, square) for i in chosen]
    corners = np.vstack(cells)
    u = (corners @ slopes.T + offsets).max(axis=1)
    legendre = (slopes[list(chosen)] @ corners.T - u).max(axis=1)
    neighbours = found.brenier.walls(found.brenier.framed_domain)
    seen = {(int(i), int(j)) for i, j in np.sort(neighbours.pair, axis=1)[neighbours.size > 1e-9]}
    triangles, _ = dual_hull(slopes, offsets)
    shape = Edges.random(edges, numpy_stream(seed, "minkowski"))
    exact, (solved, steps) = shape.exact(), shape.solved()
    truth = pair.details["weights"]
    return Found(
        potential=found.brenier,
        offsets=float(np.abs(found.target_potential - truth).max() / np.ptp(truth)),
        areas=float(np.abs(np.array([area(one) for one in cells]) / pair.target.masses[: len(cells)] - 1).max()),
        dual=float(np.abs(legendre + offsets[list(chosen)]).max() / np.ptp(offsets)),
        polygon=float(np.linalg.norm(solved - exact, axis=1).max() / np.ptp(exact, axis=0).max()),
        unmatched=len(seen - edges_of(triangles)),
        steps=steps,
    )


MEASURES = {
    "offsets": "offsets against the known planes",
    "areas": "areas by half-planes",
    "dual": "Legendre dual at the slopes",
    "polygon": "Minkowski's polygon",
}


@LABS.register("brenier-alexandrov", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class BrenierAlexandrov(Lab):
    """Claim: Brenier's potential is Alexandrov's polytope: given face areas fix the planes, and its gradient is the optimal map.

    Measured, in the unit square with random planes whose exact face areas are all that the solver is told: the recovered offsets
    against the known ones; the areas again by clipping half-planes; the Legendre dual at the slopes against −h; whether
    neighbours of the power diagram are edges of the dual hull's triangulation; and Minkowski's problem in the plane (a
    polygon from its edges' normals and lengths) by its variational principle against the polygon laid end to end.

    Tolerance: every error at most 1e-8 at the upper end of its interval over seeds, no neighbour that is no edge.
    """

    def run(self, setting: Setting) -> LabResult:
        """Examine one polytope and one polygon per seed; draw the first."""
        seeds, n = setting.seeds(2, 5, 10), setting.of(40, 300, 3000)
        found = []
        for done, seed in enumerate(seeds):
            found.append(examined(n, setting.of(8, 20, 60), seed))
            setting.progress("polytopes", done + 1, len(seeds))
        errors = {
            name: over_seeds(f"largest error of {words}", [vars(one)[name] for one in found], unit="")
            for name, words in MEASURES.items()
        }
        shown = examined_to_show(seeds[0])
        figure = draw(setting.out / "brenier-alexandrov.png", *shown)
        return conclude(setting, seeds, errors, [one.unmatched for one in found], figure)


def examined_to_show(seed: int) -> tuple[Brenier, Edges]:
    """Return a polytope of a few faces, and a polygon, for the figure."""
    pair = square_pair(24, seed)
    assert pair.target is not None
    found = solve(Box.unit(2), pair.target.points, method="semidiscrete-newton", target_masses=pair.target.masses)
    assert found.brenier is not None
    return found.brenier, Edges.random(9, numpy_stream(seed, "minkowski-shown"))


def conclude(
    setting: Setting, seeds: tuple[int, ...], errors: dict[str, Estimate], unmatched: list[int], figure: str
) -> LabResult:
    """Return the verdict: all errors within rounding of the solver's tolerance, and no neighbour that is no edge."""
    above = [MEASURES[name] for name, estimate in errors.items() if not upper(estimate) <= LIMIT]
    holds = not above and not any(unmatched)
    worst = max(errors.values(), key=upper)
    why = (
        "every check holds"
        if holds
        else f"above {LIMIT:g}: {', '.join(above) or 'none'}; {sum(unmatched)} unmatched neighbours"
    )
    rows = tuple((MEASURES[name], float(e.value or 0.0), e.low, e.high) for name, e in errors.items())
    return LabResult(
        "brenier-alexandrov", CLAIM, SOURCE, "largest relative error", None, "a theorem; no number", worst, TOLERANCE,
        "reproduced" if holds else "not reproduced", why, ("check", "error", "low", "high"), rows, (figure,), setting.size, seeds,
    )  # fmt: skip
