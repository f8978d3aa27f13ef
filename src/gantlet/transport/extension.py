"""A continuous extension of the map between the barycentres of its cells, and sampling away from its singular set."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy.spatial
from jaxtyping import Bool, Float64, Int64

from gantlet.core.errors import ConfigError, GantletError
from gantlet.core.rng import numpy_stream
from gantlet.core.words import some_of
from gantlet.transport.arrays import as_rows
from gantlet.transport.brenier import Brenier
from gantlet.transport.singular import LIMIT, NEIGHBOURS, jump_ratio, local_radius

TRIANGULATED = 3
"""Up to this dimension barycentres are triangulated; above it the targets of the best cells are mixed."""
PATIENCE = 200
SKETCH = 512
"""Source points from which the gap between the best two scores is read."""


class Blend(NamedTuple):
    """Images of source points: ``points`` [k, d], the combination by ``shares`` [k, c], of sum 1, of targets ``rows`` [k, c];
    shares are ≥ 0 in up to 3 dimensions and may fall a little below 0 above. ``regular`` [k] is False where no cell but the
    point's own may be mixed, since the map jumps: there the point goes to its own cell's target.
    """

    points: Float64[np.ndarray, "k d"]
    rows: Int64[np.ndarray, "k c"]
    shares: Float64[np.ndarray, "k c"]
    regular: Bool[np.ndarray, " k"]


class ExtensionSample(NamedTuple):
    """New points [n, d] with the source points [n, d] they come from; ``accepted``: the share of draws that were accepted."""

    points: Float64[np.ndarray, "n d"]
    origins: Float64[np.ndarray, "n d"]
    blend: Blend
    accepted: float


@dataclass(frozen=True, eq=False)
class Extension:
    """T̃: the barycentre of each cell maps to its target, and points between barycentres map between the targets.

    In up to 3 dimensions T̃ is linear on each simplex of the barycentres' Delaunay triangulation (points outside all of
    them take their cell's target). Above, the ``mixed`` cells (0: d + 1) with the best scores ⟨x − c, y_j⟩ + h_j at x are mixed by
    λ_j ∝ exp(−r_j/τ)/|x − ĉ_j|, ĉ_j the barycentre, r_j what the score lacks of the best one, τ the ``temperature`` in median
    gaps between the best two; then T̃(x) = ȳ + Σ λ_j (y_j − ȳ)/(Σ λ_j²)^½, ȳ the candidates' mean: a mean of k targets has
    1/k of their variance about ȳ, and the divisor gives it back, so that new points spread as the targets do.
    Targets further than ``limit`` local radii (`jump_ratio`, of ``neighbours``
    targets) from each other are never mixed: in a simplex with such an edge, and everywhere above 3 dimensions, only cells
    near x's own count, so that each mode keeps its mass; x is singular when no cell but its own is left.
    Raises: ConfigError for options out of range. Source: An et al. 2020, openreview HkldyTNYwH (AE-OT), §3; they use the
    dihedral angle, which is not scale-free, and a plain mean; scores and divisor are ours.
    """

    potential: Brenier
    centres: Float64[np.ndarray, "n d"]
    masses: Float64[np.ndarray, " n"]
    limit: float = LIMIT
    neighbours: int = NEIGHBOURS
    mixed: int = 0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not min(self.limit, self.temperature) > 0 or self.mixed < 0:
            raise ConfigError(
                f"expected limit > 0, temperature > 0 and mixed ≥ 0; got {self.limit}, {self.temperature} and {self.mixed}"
            )
        local_radius(self.potential.target.points, self.neighbours)

    @classmethod
    def of(cls, potential: Brenier, *, samples: int = 0, seed: int = 0, **options: float | int) -> "Extension":
        """Return the extension of a potential; ``samples`` for barycentres that must be sampled (0: 20 per target)."""
        return cls(potential, *potential.barycentres(samples, seed), **options)  # type: ignore[arg-type]

    def __call__(self, points: Any) -> Blend:
        """Return the images of points [k, d]; raises ShapeError, NonFiniteError."""
        points = as_rows("points", points, self.potential.target.dim)
        return self._simplices(points) if self.potential.target.dim <= TRIANGULATED else self._mixed(points)

    def sample(self, n: int, seed: int = 0) -> ExtensionSample:
        """Draw n new points: the images of source points away from the singular set; others are redrawn.

        Raises: ConfigError (n < 1), GantletError where almost nothing is accepted.
        """
        if n < 1:
            raise ConfigError(f"expected n ≥ 1 points to draw; got {n}")
        source, rng = self.potential.source, numpy_stream(seed, "extension")
        accepted_parts: list[tuple[Float64[np.ndarray, "k d"], Blend]] = []
        accepted, attempts = 0, 0
        while accepted < n:
            if attempts > PATIENCE * max(n, 100):
                raise GantletError(
                    f"only {some_of(accepted, attempts, 'source point', 'lie')} away from the singular set; raise the limit (now "
                    f"{self.limit:g} local radii) or use more targets"
                )
            x = source.from_uniform(rng.uniform(np.finfo(np.float64).tiny, 1.0, (max(n - accepted, 100), source.dim)))
            blend = self(x)
            accepted_parts.append((x[blend.regular], Blend(*(part[blend.regular] for part in blend))))
            accepted, attempts = accepted + int(blend.regular.sum()), attempts + len(x)
        origins = np.concatenate([x for x, _ in accepted_parts])[:n]
        whole = Blend(
            *(np.concatenate(parts)[:n] for parts in zip(*(blend for _, blend in accepted_parts), strict=True))
        )
        return ExtensionSample(whole.points, origins, whole, accepted / attempts)

    @cached_property
    def _radius(self) -> Float64[np.ndarray, " n"]:
        return local_radius(self.potential.target.points, self.neighbours)

    @cached_property
    def _present(self) -> Int64[np.ndarray, " p"]:
        return np.flatnonzero(self.masses > 0)

    @cached_property
    def _triangulation(self) -> scipy.spatial.Delaunay | None:
        enough = len(self._present) > self.potential.target.dim + 1
        if not enough or self.potential.target.dim < 2:
            return None
        try:
            return scipy.spatial.Delaunay(self.potential.frame.inward(self.centres[self._present]))
        except scipy.spatial.QhullError:  # barycentres in a plane: their cells are mixed as above 3 dimensions
            return None

    @cached_property
    def _gap(self) -> float:
        source = self.potential.source
        uniform = numpy_stream(0, "extension-gap").uniform(np.finfo(np.float64).tiny, 1.0, (SKETCH, source.dim))
        scores, _ = self.potential.leaders(source.from_uniform(uniform), min(2, len(self._present)))
        return float(np.median(scores[:, 0] - scores[:, -1])) or float(np.finfo(np.float64).tiny)

    def _far(self, i: Int64[np.ndarray, " e"], j: Int64[np.ndarray, " e"]) -> Bool[np.ndarray, " e"]:
        return jump_ratio(self.potential.target.points, self._radius, np.column_stack([i, j])) > self.limit

    def _simplices(self, points: Float64[np.ndarray, "k d"]) -> Blend:
        mesh, dim = self._triangulation, self.potential.target.dim
        own = self.potential.cells(points)
        if mesh is None:
            return self._mixed(points)
        points = self.potential.frame.inward(points)
        simplex = mesh.find_simplex(points)
        inside = simplex >= 0
        rows = np.where(inside[:, None], self._present[mesh.simplices[simplex]], own[:, None])
        affine = mesh.transform[simplex]
        first = np.einsum("kij,kj->ki", affine[:, :dim], points - affine[:, dim])
        shares = np.column_stack([first, 1 - first.sum(axis=1)])
        shares = np.where(inside[:, None], np.maximum(shares, 0.0), np.eye(dim + 1)[0])  # below 0 is rounding
        edges = [(a, b) for a in range(dim + 1) for b in range(a)]
        torn = np.any([self._far(rows[:, a], rows[:, b]) for a, b in edges], axis=0)
        near = np.stack([~self._far(own, column) for column in rows.T], axis=1)
        shares = np.where(torn[:, None] & ~near, 0.0, shares)
        alone = ((shares == 0) | (rows == own[:, None])).all(axis=1)
        return self._blend(rows, shares, own, regular=~(torn & alone))

    def _mixed(self, points: Float64[np.ndarray, "k d"]) -> Blend:
        count = min(self.mixed or self.potential.target.dim + 1, len(self._present))
        scores, rows = self.potential.leaders(points, count)
        own = rows[:, 0]
        far = np.stack([self._far(own, column) for column in rows.T], axis=1) | (self.masses[rows] == 0)
        frame = self.potential.frame
        away = np.linalg.norm(frame.inward(points)[:, None] - frame.inward(self.centres)[rows], axis=2)
        lacking = (scores[:, :1] - scores) / (self.temperature * self._gap)
        weights = np.where(far, 0.0, np.exp(-lacking) / np.maximum(away, math.sqrt(np.finfo(np.float64).tiny)))
        total = weights.sum(axis=1, keepdims=True)
        regular = ((rows != own[:, None]) & ~far).any(axis=1) if count > 1 else total[:, 0] > 0
        weights = weights / np.where(total > 0, total, 1.0)
        length = np.sqrt(np.square(weights).sum(axis=1, keepdims=True)).clip(min=1e-300)
        even = ~far / np.maximum((~far).sum(axis=1, keepdims=True), 1)
        return self._blend(rows, weights / length + even * (1 - 1 / length), own, regular=regular)

    def _blend(
        self,
        rows: Int64[np.ndarray, "k c"],
        shares: Float64[np.ndarray, "k c"],
        own: Int64[np.ndarray, " k"],
        *,
        regular: Bool[np.ndarray, " k"],
    ) -> Blend:
        """Return the blend, with every singular point at its own cell's target."""
        alone = np.zeros(shares.shape[1])
        alone[0] = 1.0
        rows = np.where(regular[:, None], rows, own[:, None])
        shares = np.where(regular[:, None], shares / shares.sum(axis=1, keepdims=True).clip(min=1e-300), alone)
        return Blend(np.einsum("kc,kcd->kd", shares, self.potential.target.points[rows]), rows, shares, regular)
