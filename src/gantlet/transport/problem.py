"""Problem: two measures and a cost, checked once, so that solvers receive valid input only."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.errors import ConfigError, DataError, ShapeError, TooFewSamples
from gantlet.core.words import counted
from gantlet.transport.arrays import as_array
from gantlet.transport.continuous import Claimed, Continuous, trusted
from gantlet.transport.costs import Cost, Tiles, cost_of
from gantlet.transport.probing import probe

LARGEST = 1e75
"""Coordinates beyond this, or all closer together than its inverse, have squares that float64 cannot hold."""


Progress = Callable[[int, int], None]
"""Called with the steps done and the most there may be."""


@dataclass(frozen=True, eq=False)
class Points:
    """A discrete measure: points [n, d] and masses [n] > 0 with sum 1."""

    points: Float64[np.ndarray, "n d"]
    masses: Float64[np.ndarray, " n"]

    @property
    def dim(self) -> int:
        """Return d."""
        return self.points.shape[1]

    @property
    def uniform(self) -> bool:
        """Return whether all masses are 1/n."""
        return bool(np.allclose(self.masses, 1 / len(self.masses), rtol=1e-12, atol=0.0))

    @property
    def mean(self) -> Float64[np.ndarray, " d"]:
        """Return Σ p_i x_i."""
        return self.masses @ self.points

    @property
    def cov(self) -> Float64[np.ndarray, "d d"]:
        """Return Σ p_i (x_i − mean)(x_i − mean)ᵀ: of the measure itself, without division by n − 1."""
        rows = (self.points - self.mean) * np.sqrt(self.masses)[:, None]
        return rows.T @ rows


@dataclass(frozen=True, eq=False)
class Problem:
    """Move ``source`` to ``target`` at minimal ``cost``."""

    source: Points | Continuous
    target: Points | Continuous
    cost: Cost
    deadline: float = math.inf
    """A `time.monotonic()` at which solvers return what they have."""
    start: Any = None
    """A `TransportResult` for targets in the same order, to begin with."""
    progress: Progress | None = None

    def tell(self, done: int, total: int) -> None:
        """Say how many of the most steps are done."""
        if self.progress is not None:
            self.progress(done, total)

    @property
    def points(self) -> tuple[Points, Points]:
        """Return both sides where both are discrete; raises ConfigError."""
        if not (isinstance(self.source, Points) and isinstance(self.target, Points)):
            raise ConfigError("expected points on both sides, got a continuous distribution; use a semidiscrete method")
        return self.source, self.target

    @property
    def semidiscrete(self) -> tuple[Continuous, Points]:
        """Return a continuous source and a target of distinct points; raises ConfigError, DataError."""
        if isinstance(self.source, Points) or not isinstance(self.target, Points):
            raise ConfigError(
                "expected a continuous source (Box, Polygon, Gaussian) and target points for a semidiscrete method; "
                "between two sets of points use exact, sinkhorn or sliced"
            )
        order = np.lexsort(self.target.points.T)
        equal = (np.diff(self.target.points[order], axis=0) == 0).all(axis=1)
        if equal.any():
            first = int(np.flatnonzero(equal)[0])
            raise DataError(
                f"target points {order[first]} and {order[first + 1]} are equal ({counted(int(equal.sum()), 'duplicate')} in "
                f"all); expected distinct targets. Merge duplicates and add their masses"
            )
        return self.source, self.target

    def tiles(self) -> Tiles:
        """Return c(x_i, y_j), whole or by tiles; raises ConfigError where a side is not discrete."""
        source, target = self.points
        return self.cost.tiles(torch.from_numpy(source.points), torch.from_numpy(target.points))

    def own_tiles(self, side: Points) -> Tiles:
        """Return c between the points of one side."""
        points = torch.from_numpy(side.points)
        return self.cost.tiles(points, points)

    def cost_matrix(self) -> Float64[Tensor, "n m"]:
        """Return c(x_i, y_j); raises ConfigError where a side is not discrete."""
        tiles = self.tiles()
        return tiles.rows(0, tiles.n)


def problem(
    source: Any,
    target: Any,
    cost: Any,
    *,
    source_masses: Any = None,
    target_masses: Any = None,
    deadline: float = math.inf,
    start: Any = None,
    progress: Progress | None = None,
) -> Problem:
    """Check two measures and a cost; raises UnknownName, ShapeError, NonFiniteError, TooFewSamples, ConfigError.

    With a cost matrix [n, m] source and target may be None: then the rows and columns are the points.
    """
    chosen = cost_of(cost)
    if chosen.matrix is not None:
        blank = [np.arange(float(n))[:, None] for n in chosen.matrix.shape]
        source, target = (rows if side is None else side for side, rows in zip((source, target), blank, strict=True))
    sides = (_measure("source", source, source_masses), _measure("target", target, target_masses))
    if chosen.matrix is not None:
        sizes = [len(side.points) if isinstance(side, Points) else 0 for side in sides]
        if sizes != list(chosen.matrix.shape):
            raise ShapeError(f"expected a cost matrix of shape {sizes}, [n, m]; got {list(chosen.matrix.shape)}")
    elif sides[0].dim != sides[1].dim:
        raise ShapeError(f"source has dimension {sides[0].dim}, target {sides[1].dim}; both must lie in one space")
    if start is not None:
        _check_start(start, sides[1])
    return Problem(*sides, chosen, deadline, start, progress)


def _check_start(start: Any, target: Points | Continuous) -> None:
    from gantlet.transport.result import TransportResult

    g = start.target_potential if isinstance(start, TransportResult) else None
    if g is None or not isinstance(target, Points) or len(g) != len(target.points):
        raise ConfigError("expected as start a result with a potential for as many targets; leave it out")


def _measure(what: str, side: Any, masses: Any) -> Points | Continuous:
    if not isinstance(side, np.ndarray | Tensor | list | tuple):
        if not isinstance(side, Continuous):
            raise ShapeError(f"expected {what} as points [n, d] or a distribution; got {type(side).__name__}")
        if masses is not None:
            raise ConfigError(f"{what} is a continuous distribution and takes no {what}_masses; leave them out")
        if not trusted(side):
            probe(what, side)
            return Claimed(side)
        return side
    points = as_array(f"{what} points", side)
    if points.ndim != 2 or points.shape[1] == 0:
        raise ShapeError(f"expected {what} points of shape [n, d] with d ≥ 1; got shape {list(points.shape)}")
    if len(points) == 0:
        raise TooFewSamples(f"transport needs at least 1 {what} point; got 0")
    largest, spread = float(np.abs(points).max()), float(np.ptp(points, axis=0).max())
    if largest > LARGEST or 0 < spread < 1 / LARGEST:
        raise DataError(
            f"{what} points reach {largest:.3g} and spread over {spread:.3g}; expected at most {LARGEST:g} and at least "
            f"{1 / LARGEST:g}, or float64 loses their squares. Multiply source and target by one number"
        )
    return Points(points, _masses(what, masses, len(points)))


def _masses(what: str, values: Any, n: int) -> Float64[np.ndarray, " n"]:
    if values is None:
        return np.full(n, 1 / n)
    masses = as_array(f"{what}_masses", values)
    if masses.shape != (n,):
        raise ShapeError(f"expected {what}_masses of shape [{n}], one per point; got shape {list(masses.shape)}")
    if (masses <= 0).any():
        bad = int(np.flatnonzero(masses <= 0)[0])
        raise DataError(f"{what}_masses[{bad}] is {masses[bad]:g}; expected masses > 0. Leave out points without mass")
    if abs(masses.sum() - 1) > 1e-6:
        raise DataError(f"{what}_masses sum to {masses.sum():.8g}; expected 1. Divide them by their sum")
    return masses / masses.sum()
