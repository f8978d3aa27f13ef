"""The Brenier potential of a semi-discrete plan: u(x) = max_i ⟨x − c, y_i⟩ + h_i, its cells, its gradient, its smoothing."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from gantlet.core.errors import ConfigError
from gantlet.core.words import counted
from gantlet.transport.arrays import as_rows
from gantlet.transport.cells import MEMORY, best_cells, leaders
from gantlet.transport.continuous import Continuous
from gantlet.transport.exact_cells import Domain, Walls, cell_moments, uniform_domain, walls
from gantlet.transport.frame import Frame
from gantlet.transport.observed import observe
from gantlet.transport.power_diagram import CellMoments
from gantlet.transport.problem import Points

EXACT_IN_SPACE = 20_000
"""Targets in 3 dimensions up to which barycentres are computed exactly; beyond, sampling is much faster."""


@dataclass(frozen=True, eq=False)
class Brenier:
    """Convex u(x) = max_i (⟨x − c, y_i⟩ + h_i): T = ∇u is y_i on the cell W_i where i attains it, and optimal for its marginal.

    c is the source's centre; ``dual_potential`` is h [n]; W_i is the power cell of |x − y_i|² − g_i with g_i = 2h_i + |y_i − c|²
    up to a constant. All is computed in the `Frame` of source and targets, so that neither scale nor place costs digits.
    Points are [k, d] of any real type. Raises ShapeError, NonFiniteError for points that do not fit.
    Source: Brenier 1991; Gu et al. 2013, arXiv:1302.5472.
    """

    source: Continuous
    target: Points
    dual_potential: Float64[np.ndarray, " n"]
    memory: int = MEMORY

    @classmethod
    def of_weights(
        cls, source: Continuous, target: Points, weights: Float64[np.ndarray, " n"], memory: int = MEMORY
    ) -> "Brenier":
        """Return the potential whose cells are those of |x − y_i|² − g_i."""
        blank = cls(source, target, np.zeros(len(weights)))
        return cls(source, target, (weights - blank._parabola) / 2, memory)

    @classmethod
    def of_framed(
        cls, source: Continuous, target: Points, framed: Float64[np.ndarray, " n"], memory: int = MEMORY
    ) -> "Brenier":
        """Return the potential of h' in the frame: h = ab h', ab a power of two."""
        return cls(source, target, (framed - target.masses @ framed) * Frame.of(source, target).unit, memory)

    @cached_property
    def frame(self) -> Frame:
        """Return the coordinates in which everything is computed."""
        return Frame.of(self.source, self.target)

    @cached_property
    def sites(self) -> Float64[np.ndarray, "n d"]:
        """Return the targets in the frame."""
        return self.frame.sites(self.target.points)

    @cached_property
    def framed(self) -> Float64[np.ndarray, " n"]:
        """Return h' in the frame."""
        return self.dual_potential / self.frame.unit

    @cached_property
    def _parabola(self) -> Float64[np.ndarray, " n"]:
        """Return |y_i − c|² − |m − c|², by centred terms."""
        centred = self.target.points - self.frame.middle
        return np.square(centred).sum(axis=1) + 2 * centred @ self.frame.shift

    @property
    def weights(self) -> Float64[np.ndarray, " n"]:
        """Return g [n], the Kantorovich potential of |x − y|² on the targets, with Σ ν_i g_i = 0."""
        g = 2 * self.dual_potential + self._parabola
        return g - self.target.masses @ g

    def value(self, points: Any) -> Float64[np.ndarray, " k"]:
        """Return u(x) [k]."""
        return self._scores(points, best_cells(*self._tensors(points), self.memory)[0])

    def cells(self, points: Any) -> Int64[np.ndarray, " k"]:
        """Return the index of the cell that each point lies in; on a boundary the smallest one."""
        return best_cells(*self._tensors(points), self.memory)[1].numpy()

    def map(self, points: Any) -> Float64[np.ndarray, "k d"]:
        """Return T(x) = ∇u(x) [k, d]: one target point for each source point."""
        return self.target.points[self.cells(points)]

    def leaders(self, points: Any, count: int) -> tuple[Float64[np.ndarray, "k c"], Int64[np.ndarray, "k c"]]:
        """Return the ``count`` largest ⟨x − c, y_i⟩ + h_i of each point with their i: its cell, then the runners-up."""
        if not 1 <= count <= len(self.dual_potential):
            raise ConfigError(
                f"expected 1 to {counted(len(self.dual_potential), 'leader')}, at most one per target; got {count}"
            )
        scores, index = leaders(*self._tensors(points), count, self.memory)
        return self._scores(points, scores), index.numpy()

    def smooth(self, points: Any, epsilon: float) -> Float64[np.ndarray, "k d"]:
        """Return ∇u_ε(x), u_ε = ε log Σ_i exp((⟨x − c, y_i⟩ + h_i)/ε): continuous, the gradient of a convex function.

        Σ_i softmax_i((⟨x − c, y_i⟩ + h_i)/ε) y_i; epsilon in units of u. Raises ConfigError.
        """
        if not epsilon > 0:
            raise ConfigError(f"expected epsilon > 0; got {epsilon}")
        x, sites, framed = self._tensors(points)
        rows, epsilon = max(1, self.memory // (2 * len(sites) * 8)), epsilon / self.frame.unit
        parts = [(torch.addmm(framed, part, sites.T) / epsilon).softmax(dim=1) @ sites for part in x.split(rows)]
        return self.frame.middle + self.frame.spread * torch.cat(parts).numpy()

    def barycentres(
        self, samples: int = 0, seed: int = 0
    ) -> tuple[Float64[np.ndarray, "n d"], Float64[np.ndarray, " n"]]:
        """Return the mean E[x | W_i] [n, d] and the mass [n] of every cell; an empty cell has mass 0 and sits at its target.

        Exact in the plane from a Box or Polygon, and in space from a Box for up to 20,000 targets; otherwise by ``samples`` fresh points
        (0: 20 per target).
        """
        if self.domain is not None and (self.target.dim == 2 or len(self.sites) <= EXACT_IN_SPACE):
            cells = self.cell_moments(self.framed_domain)
            means, masses = self.frame.outward(cells.centres), cells.masses
        else:
            count = samples or max(10_000, 20 * len(self.dual_potential))
            observed = observe(
                self.source,
                self.target,
                self.frame,
                self.framed,
                seed=seed,
                name="barycentres",
                samples=count,
                memory=self.memory,
            )
            masses = observed.counts / count
            means = self.frame.outward(observed.sums / np.maximum(observed.counts, 1)[:, None])
        return np.where(masses[:, None] > 0, means, self.target.points), masses

    @property
    def domain(self) -> Domain | None:
        """Return the source as a polygon or box where its cells can be computed exactly."""
        return uniform_domain(self.source)

    @property
    def framed_domain(self) -> Domain:
        """Return the source's polygon or box in the frame; raises ConfigError where it is none."""
        if self.domain is None:
            raise ConfigError(
                "expected a Box or Polygon in the plane, or a Box in 3 dimensions, as source; elsewhere the cells are sampled"
            )
        return self.frame.domain(self.domain)

    @cached_property
    def framed_weights(self) -> Float64[np.ndarray, " n"]:
        """Return g' in the frame: W_i is the power cell of |x' − y_i'|² − g_i'."""
        return 2 * self.framed + np.square(self.sites).sum(axis=1)

    def walls(self, domain: Domain) -> Walls:
        """Return what lies between the cells in the frame; ``domain`` is `framed_domain`."""
        return walls(self.sites, self.framed_weights, domain)

    def cell_moments(self, domain: Domain) -> CellMoments:
        """Return the exact moments of the cells in the frame; ``domain`` is `framed_domain`."""
        return cell_moments(self.sites, self.framed_weights, domain, self.walls(domain))

    def _scores(self, points: Any, framed: Tensor) -> Float64[np.ndarray, "k ..."]:
        """Return scores in the problem's units: ab times those of the frame, plus ⟨x − c, m⟩."""
        common = (as_rows("points", points, self.target.dim) - self.frame.origin) @ self.frame.middle
        return (self.frame.unit * framed.numpy().T + common).T

    def _tensors(self, points: Any) -> tuple[Tensor, Tensor, Tensor]:
        arrays = (self.frame.inward(as_rows("points", points, self.target.dim)), self.sites, self.framed)
        first, second, third = (torch.from_numpy(array) for array in arrays)
        return first, second, third
