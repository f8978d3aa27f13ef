"""Damped Newton steps on exact power cells: from any weights without an empty cell to given masses."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float64

from gantlet.core.words import counted
from gantlet.transport.exact_cells import Domain, Walls, laplacian, masses, walls

HALVINGS = 40


@dataclass(frozen=True, eq=False)
class Cells:
    """Weights g [n] with the masses [n] and walls of their cells."""

    weights: Float64[np.ndarray, " n"]
    masses: Float64[np.ndarray, " n"]
    walls: Walls

    @classmethod
    def of(cls, sites: Float64[np.ndarray, "n d"], weights: Float64[np.ndarray, " n"], domain: Domain) -> "Cells":
        """Return the cells of |x − y_i|² − g_i inside the domain; raises DataError."""
        found = walls(sites, weights, domain)
        return cls(weights, masses(sites, weights, domain, found), found)


def worst(masses: Float64[np.ndarray, " n"], target_masses: Float64[np.ndarray, " n"]) -> float:
    """Return max |w_i/ν_i − 1|."""
    return float(np.abs(masses / target_masses - 1).max())


def descend(
    cells: Cells,
    sites: Float64[np.ndarray, "n d"],
    target_masses: Float64[np.ndarray, " n"],
    domain: Domain,
    *,
    tolerance: float,
    steps: int,
    deadline: float = math.inf,
    tell: Callable[[int], None] | None = None,
) -> tuple[Cells, int, str]:
    """Return cells with max |w_i/ν_i − 1| ≤ tolerance or the last ones, the steps taken, and why they ended early.

    (∂w/∂g) δ = ν − w; g + 2^(−l) δ with the first l that keeps every w ≥ ½ min(min w⁰, min ν) and has |ν − w| ≤
    (1 − 2^(−l−1)) of before. Source: Kitagawa, Mérigot & Thibert 2019, arXiv:1603.05579, Alg. 1.
    """
    floor = min(float(cells.masses.min()), float(target_masses.min())) / 2
    for step in range(steps):
        if worst(cells.masses, target_masses) <= tolerance:
            return cells, step, ""
        if time.monotonic() > deadline:
            return cells, step, f" after {counted(step, 'step')}, when time was up"
        if tell is not None:
            tell(step)
        try:
            rise = _factor(laplacian(sites, domain, cells.walls)[1:, 1:]).solve((target_masses - cells.masses)[1:])
        except RuntimeError:  # SuperLU: a cell without an edge, lost to rounding
            return cells, step, "; the derivative of the masses is singular (rounding)"
        damped = _damped(cells, np.append(0.0, rise), sites, target_masses, domain=domain, floor=floor)
        if damped is None:
            return cells, step, "; no damped step lowers the error further (rounding)"
        cells = damped
    return cells, steps, f" after {counted(steps, 'step')}"


def _factor(matrix: scipy.sparse.csc_array) -> scipy.sparse.linalg.SuperLU:
    """Factorise a positive definite matrix: without pivoting its symmetric ordering keeps the factors sparse."""
    symmetric = {"SymmetricMode": True}
    return scipy.sparse.linalg.splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)


def _damped(
    cells: Cells,
    direction: Float64[np.ndarray, " n"],
    sites: Float64[np.ndarray, "n d"],
    target_masses: Float64[np.ndarray, " n"],
    *,
    domain: Domain,
    floor: float,
) -> Cells | None:
    if not np.isfinite(direction).all():
        return None
    error = float(np.linalg.norm(target_masses - cells.masses))
    rate = 1.0
    for _ in range(HALVINGS):
        trial = Cells.of(sites, cells.weights + rate * direction, domain)
        left = float(np.linalg.norm(target_masses - trial.masses))
        if trial.masses.min() >= floor and left <= (1 - rate / 2) * error:
            return trial
        rate /= 2
    return None
