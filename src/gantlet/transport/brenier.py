"""The Brenier potential of a semi-discrete plan: u(x) = max_i ⟨x, y_i⟩ + h_i, its cells, its gradient, its smoothing."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.core.numerics.finite import check_finite
from gantlet.transport.cells import MEMORY, assign, leaders, observe
from gantlet.transport.continuous import Box, Continuous, Polygon
from gantlet.transport.power_diagram import cell_moments, facets
from gantlet.transport.problem import Points


@dataclass(frozen=True, eq=False)
class Brenier:
    """Convex u(x) = max_i (⟨x, y_i⟩ + h_i): T = ∇u is y_i on the cell W_i where i attains it, and optimal for its marginal.

    ``dual_potential`` is h [n]; W_i is the power cell of |x − y_i|² − g_i with g_i = 2h_i + |y_i|². Points are [k, d], float64.
    Raises ShapeError, NonFiniteError for points that do not fit. Source: Brenier 1991; Gu et al. 2013, arXiv:1302.5472.
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
        return cls(source, target, (weights - np.square(target.points).sum(axis=1)) / 2, memory)

    @property
    def weights(self) -> Float64[np.ndarray, " n"]:
        """Return g [n], the Kantorovich potential of |x − y|² on the targets."""
        return 2 * self.dual_potential + np.square(self.target.points).sum(axis=1)

    def value(self, points: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, " k"]:
        """Return u(x) [k]."""
        return assign(*self._tensors(points), self.memory)[0].numpy()

    def cells(self, points: Float64[np.ndarray, "k d"]) -> Int64[np.ndarray, " k"]:
        """Return the index of the cell that each point lies in; on a boundary the smallest one."""
        return assign(*self._tensors(points), self.memory)[1].numpy()

    def map(self, points: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, "k d"]:
        """Return T(x) = ∇u(x) [k, d]: one target point for each source point."""
        return self.target.points[self.cells(points)]

    def leaders(
        self, points: Float64[np.ndarray, "k d"], count: int
    ) -> tuple[Float64[np.ndarray, "k c"], Int64[np.ndarray, "k c"]]:
        """Return the ``count`` largest ⟨x, y_i⟩ + h_i of each point with their i: its cell, then the runners-up."""
        if not 1 <= count <= len(self.dual_potential):
            raise ConfigError(f"expected 1 to {len(self.dual_potential)} leaders, at most one per target; got {count}")
        scores, index = leaders(*self._tensors(points), count, self.memory)
        return scores.numpy(), index.numpy()

    def smooth(self, points: Float64[np.ndarray, "k d"], epsilon: float) -> Float64[np.ndarray, "k d"]:
        """Return ∇u_ε(x), u_ε = ε log Σ_i exp((⟨x, y_i⟩ + h_i)/ε): continuous, the gradient of a convex function.

        Σ_i softmax_i((⟨x, y_i⟩ + h_i)/ε) y_i; epsilon in units of u. Raises ConfigError.
        """
        if not epsilon > 0:
            raise ConfigError(f"expected epsilon > 0; got {epsilon}")
        x, sites, dual_potential = self._tensors(points)
        rows = max(1, self.memory // (2 * len(sites) * 8))
        parts = [
            (torch.addmm(dual_potential, part, sites.T) / epsilon).softmax(dim=1) @ sites for part in x.split(rows)
        ]
        return torch.cat(parts).numpy()

    def barycentres(
        self, samples: int = 0, seed: int = 0
    ) -> tuple[Float64[np.ndarray, "n d"], Float64[np.ndarray, " n"]]:
        """Return the mean E[x | W_i] [n, d] and the mass [n] of every cell; an empty cell has mass 0 and sits at its target.

        Exact in the plane from a Box or Polygon; otherwise by ``samples`` fresh points (0: 20 per target).
        """
        domain = self.domain
        if domain is not None and len(self.dual_potential) > 2:
            cells = cell_moments(
                self.target.points, self.weights, domain, facets(self.target.points, self.weights, domain)
            )
            return cells.centres, cells.masses
        count = samples or max(10_000, 20 * len(self.dual_potential))
        observed = observe(
            self.source, self.target, self.weights, seed=seed, name="barycentres", samples=count, memory=self.memory
        )
        means = self.source.centre + observed.sums / np.maximum(observed.counts, 1)[:, None]
        return np.where(observed.counts[:, None] > 0, means, self.target.points), observed.counts / count

    @property
    def domain(self) -> Polygon | None:
        """Return the source as a polygon where it is a uniform distribution in the plane."""
        if isinstance(self.source, Box) and self.source.dim == 2:
            return self.source.polygon
        return self.source if isinstance(self.source, Polygon) else None

    def _tensors(self, points: Float64[np.ndarray, "k d"]) -> tuple[Tensor, Tensor, Tensor]:
        if points.ndim != 2 or points.shape[1] != self.target.dim:
            raise ShapeError(f"expected points of shape [k, {self.target.dim}]; got shape {list(points.shape)}")
        check_finite("points", points)
        return torch.from_numpy(points), torch.from_numpy(self.target.points), torch.from_numpy(self.dual_potential)
