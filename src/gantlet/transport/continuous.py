"""Continuous sources of transport: each maps uniform numbers of the unit cube to its own points."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import scipy.special
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.core.numerics.covariance import psd_factor
from gantlet.core.words import counted
from gantlet.transport.arrays import as_array, as_rows, as_vector


@runtime_checkable
class Continuous(Protocol):
    """A distribution with a density on R^d that can be sampled from uniform numbers, pseudo- or quasi-random."""

    @property
    def dim(self) -> int:
        """Return d."""
        ...

    @property
    def centre(self) -> Float64[np.ndarray, " d"]:
        """Return the mean [d]."""
        ...

    def from_uniform(self, uniform: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "m d"]:
        """Return the points that correspond to uniform numbers in (0, 1)^d."""
        ...


@dataclass(frozen=True, eq=False)
class Gaussian:
    """The normal distribution N(mean, cov) of numbers of any real type; cov may be singular.

    Raises: ShapeError, NonFiniteError (not finite, or no covariance).
    """

    mean: Any
    cov: Any

    def __post_init__(self) -> None:
        mean = as_vector("the mean", self.mean)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "cov", as_rows("the covariance", self.cov, len(mean)))
        psd_factor(self.cov)

    @classmethod
    def standard(cls, dim: int) -> "Gaussian":
        """Return N(0, I) in ``dim`` dimensions."""
        return cls(np.zeros(dim), np.eye(dim))

    @property
    def dim(self) -> int:
        """Return d."""
        return len(self.mean)

    @property
    def centre(self) -> Float64[np.ndarray, " d"]:
        """Return the mean [d]."""
        return np.asarray(self.mean)

    def from_uniform(self, uniform: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "m d"]:
        """Return mean + A Φ⁻¹(u) with A Aᵀ = cov."""
        factor = psd_factor(self.cov)[0]
        return self.mean + scipy.special.ndtri(uniform)[:, : factor.shape[1]] @ factor.T


@dataclass(frozen=True, eq=False)
class Box:
    """The uniform distribution on the box Π [low_k, high_k]; raises ShapeError, NonFiniteError, ConfigError (low ≥ high)."""

    low: Any
    high: Any

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, as_vector(f"the box's {name}", getattr(self, name)))
        if self.low.shape != self.high.shape:
            raise ShapeError(f"expected low and high of one length; got {len(self.low)} and {len(self.high)}")
        if not (self.low < self.high).all():
            raise ConfigError(f"expected low < high in every dimension of the box; got {self.low} and {self.high}")

    @classmethod
    def unit(cls, dim: int) -> "Box":
        """Return the unit cube [0, 1]^dim."""
        return cls(np.zeros(dim), np.ones(dim))

    @property
    def dim(self) -> int:
        """Return d."""
        return len(self.low)

    @property
    def centre(self) -> Float64[np.ndarray, " d"]:
        """Return the mean [d]."""
        return np.asarray((self.low + self.high) / 2)

    def from_uniform(self, uniform: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "m d"]:
        """Return low + u (high − low)."""
        return np.asarray(self.low + uniform * (self.high - self.low))

    @property
    def vertices(self) -> Float64[np.ndarray, "k d"]:
        """Return the 2^d corners."""
        ends = np.indices((2,) * self.dim).reshape(self.dim, -1).T
        return np.asarray(np.where(ends == 1, self.high, self.low))

    @property
    def volume(self) -> float:
        """Return the product of the sides."""
        return float(np.prod(self.high - self.low))

    @property
    def polygon(self) -> "Polygon":
        """Return the rectangle as a polygon; raises ShapeError where d ≠ 2."""
        if self.dim != 2:
            raise ShapeError(f"expected a box in 2 dimensions to convert to a polygon; got {self.dim}")
        (a, b), (c, d) = self.low, self.high
        return Polygon(np.array([[a, b], [c, b], [c, d], [a, d]]))


@dataclass(frozen=True, eq=False)
class Polygon:
    """The uniform distribution on a convex polygon; vertices [k, 2] run anticlockwise, else ConfigError.

    Raises: ShapeError, NonFiniteError, ConfigError.
    """

    vertices: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices", as_rows("the polygon's vertices", self.vertices, 2))
        sides = np.roll(self.vertices, -1, axis=0) - self.vertices
        turns = np.roll(sides, -1, axis=0)
        cross = sides[:, 0] * turns[:, 1] - sides[:, 1] * turns[:, 0]
        angles = np.arctan2(cross, (sides * turns).sum(axis=1))
        if len(sides) < 3 or not (cross > 0).all() or not np.isclose(angles.sum(), 2 * np.pi):
            raise ConfigError("expected a strictly convex polygon of 3 or more vertices in anticlockwise order")

    @property
    def dim(self) -> int:
        """Return 2."""
        return 2

    @property
    def _triangles(self) -> tuple[Float64[np.ndarray, "t 2"], Float64[np.ndarray, "t 2"], Float64[np.ndarray, " t"]]:
        first, second = self.vertices[1:-1] - self.vertices[0], self.vertices[2:] - self.vertices[0]
        return first, second, (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2

    @property
    def area(self) -> float:
        """Return the area."""
        return float(self._triangles[2].sum())

    @property
    def volume(self) -> float:
        """Return the area, under the name that it has in any dimension."""
        return self.area

    @property
    def centre(self) -> Float64[np.ndarray, " d"]:
        """Return the centroid [2]."""
        first, second, areas = self._triangles
        return self.vertices[0] + (areas[:, None] * (first + second)).sum(axis=0) / 3 / areas.sum()

    def from_uniform(self, uniform: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "m d"]:
        """Return points of the fan of triangles at vertex 0: u₁ picks the triangle, its remainder the place in it."""
        first, second, areas = self._triangles
        ends = np.cumsum(areas) / areas.sum()
        chosen = np.minimum(np.searchsorted(ends, uniform[:, 0], side="right"), len(areas) - 1)
        starts = ends - areas / areas.sum()
        place = (uniform[:, 0] - starts[chosen]) / (ends - starts)[chosen]
        root, along = np.sqrt(place)[:, None], uniform[:, 1:2]
        return self.vertices[0] + root * ((1 - along) * first[chosen] + along * second[chosen])


@dataclass(frozen=True, eq=False)
class Sample:
    """A sample [n, d] as a source: each of its points with its mass (equal where None); raises as `solve` for points.

    A semi-discrete method maps every point whole, so each cell holds its mass up to that of a point on its border.
    """

    points: Any
    masses: Any = None

    def __post_init__(self) -> None:
        points = as_array("sample points", self.points)
        if points.ndim != 2 or not points.size:
            raise ShapeError(f"expected a sample of shape [n, d] with n, d ≥ 1; got shape {list(points.shape)}")
        masses = np.ones(len(points)) if self.masses is None else as_vector("sample masses", self.masses)
        if len(masses) != len(points) or not (masses > 0).all():
            raise ShapeError(f"expected {counted(len(points), 'mass')} > 0, one per point; got {len(masses)}")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "masses", masses / masses.sum())

    @property
    def dim(self) -> int:
        """Return d."""
        return int(self.points.shape[1])

    @property
    def centre(self) -> Float64[np.ndarray, " d"]:
        """Return the mean [d]."""
        return np.asarray(self.masses @ self.points)

    def from_uniform(self, uniform: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "m d"]:
        """Return the points whose share of the cumulated masses the first number falls into."""
        row = np.searchsorted(np.cumsum(self.masses), uniform[:, 0], side="right")
        return np.asarray(self.points[np.minimum(row, len(self.points) - 1)])


@dataclass(frozen=True, eq=False)
class Claimed:
    """A source of a user's own class: its points as float64 rows, whatever it returns; its mean is a claim (`probing`)."""

    source: Continuous

    @property
    def dim(self) -> int:
        """Return d."""
        return self.source.dim

    @property
    def centre(self) -> Float64[np.ndarray, " d"]:
        """Return the mean as claimed [d]."""
        return as_vector("the source's centre", self.source.centre)

    def from_uniform(self, uniform: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "m d"]:
        """Return the source's points; raises ShapeError, NonFiniteError."""
        return as_rows("points of the source's from_uniform", self.source.from_uniform(uniform), self.dim)


def trusted(source: object) -> bool:
    """Return whether the source is one of this module's own, whose mean is known; a subclass may sample otherwise."""
    return type(source) in (Gaussian, Box, Polygon, Sample)


def class_name(source: object) -> str:
    """Return the name of a source's class, of a user's own where it is one."""
    return type(source.source if isinstance(source, Claimed) else source).__name__
