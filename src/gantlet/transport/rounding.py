"""What rounding to float64 may change of the masses of power cells."""

import numpy as np
from jaxtyping import Float64

from gantlet.transport.brenier import Brenier
from gantlet.transport.exact_cells import Domain, Walls, laplacian

EPS = float(np.finfo(np.float64).eps)


def rounding(
    potential: Brenier, domain: Domain, found: Walls, masses: Float64[np.ndarray, " n"]
) -> tuple[float, float]:
    """Return the largest relative change of a mass by rounding of the map's scores, and by rounding of g.

    A score ⟨x', y'⟩ + h' is off by four half-ulps, its g' by twice that, a mass by (∂w_i/∂g_i)·2 of it; what the masses
    lack of 1 is an error of theirs too. Cells computed from g and the targets as given are off by the second number besides.
    """
    target = potential.target.masses
    slopes = laplacian(potential.sites, domain, found).diagonal() / target
    sizes = [float(np.sqrt(np.square(rows).sum(axis=1).max())) for rows in (domain.vertices, potential.sites)]
    score = 2 * EPS * (sizes[0] * sizes[1] + float(np.abs(potential.framed).max()))
    gap = abs(float(masses.sum()) - 1) / float(target.min())
    raw = EPS * float(np.abs(potential.weights).max()) / potential.frame.unit
    return float((4 * score * slopes).max()) + gap, float((2 * raw * slopes).max())
