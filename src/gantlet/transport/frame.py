"""Frame: the centred, scaled coordinates in which every geometric object of a semi-discrete plan is computed."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from gantlet.core.rng import numpy_stream
from gantlet.transport.continuous import Box, Continuous, Polygon
from gantlet.transport.exact_cells import Domain, uniform_domain
from gantlet.transport.problem import Points

PROBES = 256
"""Source points from which the size of a source without a closed form is read."""


@dataclass(frozen=True, eq=False)
class Frame:
    """x = origin + reach·x', y = middle + spread·y': source and targets about their own centres, each of size about 1.

    ⟨x − c, y − m⟩ = ab ⟨x', y'⟩, so max_i (⟨x', y_i'⟩ + h_i') has the cells of max_i (⟨x − c, y_i⟩ + ab h_i') and rounding
    is relative to the spreads, wherever source and targets lie. reach a and spread b are powers of two: scaling is exact.
    """

    origin: Float64[np.ndarray, " d"]
    reach: float
    middle: Float64[np.ndarray, " d"]
    spread: float

    @classmethod
    def of(cls, source: Continuous, target: Points) -> "Frame":
        """Return the frame of one problem."""
        origin, middle = np.asarray(source.centre, dtype=np.float64), target.mean
        domain = uniform_domain(source)
        probes = _probes(source) if domain is None else domain.vertices
        return cls(origin, _size(probes - origin), middle, _size(target.points - middle))

    @property
    def unit(self) -> float:
        """Return ab, the unit of ⟨x − c, y − m⟩ and of the dual potential."""
        return self.reach * self.spread

    def inward(self, points: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, "k d"]:
        """Return x' of source points x."""
        return (points - self.origin) / self.reach

    def outward(self, points: Float64[np.ndarray, "... d"]) -> Float64[np.ndarray, "... d"]:
        """Return source points x of x'."""
        return self.origin + self.reach * points

    def sites(self, targets: Float64[np.ndarray, "n d"]) -> Float64[np.ndarray, "n d"]:
        """Return y' of targets y."""
        return (targets - self.middle) / self.spread

    def domain(self, whole: Domain) -> Domain:
        """Return the polygon or box in x'."""
        if isinstance(whole, Box):
            return Box(*self.inward(np.stack([whole.low, whole.high])))
        return Polygon(self.inward(whole.vertices))

    @property
    def shift(self) -> Float64[np.ndarray, " d"]:
        """Return m − c."""
        return self.middle - self.origin


def _probes(source: Continuous) -> Float64[np.ndarray, "k d"]:
    uniform = numpy_stream(0, "frame").uniform(np.finfo(np.float64).tiny, 1.0, (PROBES, source.dim))
    return source.from_uniform(uniform)


def _size(rows: Float64[np.ndarray, "k d"]) -> float:
    """Return the power of two next to the largest distance from 0; 1 where all rows are 0."""
    largest = float(np.sqrt(np.square(rows).sum(axis=1).max()))
    return 2.0 ** round(math.log2(largest)) if largest > 0 else 1.0
