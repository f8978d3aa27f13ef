"""Pairs of measures with a known optimal map, generated from a seed without files; and a score of a map against the truth."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.special
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.core.rng import numpy_stream
from gantlet.transport.brenier import Brenier
from gantlet.transport.continuous import Box, Continuous, Gaussian
from gantlet.transport.gaussian import bures_squared, monge_matrix
from gantlet.transport.power_diagram import facets, masses
from gantlet.transport.problem import Points
from gantlet.transport.result import Map

Potential = Callable[[Float64[np.ndarray, "k d"]], Float64[np.ndarray, " k"]]


@dataclass(frozen=True, eq=False)
class Pair:
    """A source and the optimal map from it, the gradient of a convex ``potential``; the target is its image.

    ``cost`` is W₂² where it has a closed form; ``target`` holds the points and masses where the target is discrete;
    ``details`` holds the parameters of the pair.
    """

    source: Continuous
    map: Map
    potential: Potential
    cost: float | None = None
    target: Points | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def draw(self, n: int, seed: int, name: str) -> Float64[np.ndarray, "n d"]:
        """Return n independent source points of one named stream."""
        uniform = numpy_stream(seed, name).uniform(np.finfo(np.float64).tiny, 1.0, (n, self.source.dim))
        return self.source.from_uniform(uniform)

    def draw_target(self, n: int, seed: int, name: str) -> Float64[np.ndarray, "n d"]:
        """Return n independent target points: images of source points of a stream of their own."""
        return self.map(self.draw(n, seed, f"{name}-target"))


def gaussian_pair(dim: int, seed: int = 0, condition: float = 10.0) -> Pair:
    """Return two Gaussians with random axes and the Bures map between them.

    Standard deviations run evenly in the logarithm from 1/√condition to √condition on axes drawn by ``seed``; means are
    standard normal. T(x) = m' + A(x − m), A S A = S'. Raises ConfigError. Source: Knott & Smith 1984; Dowson & Landau 1982.
    """
    _require(dim, "condition ≥ 1", condition >= 1, condition)
    rng = numpy_stream(seed, "gaussian-pair")
    spread = np.geomspace(1 / condition, condition, dim) if dim > 1 else np.ones(1)
    bases = [np.linalg.qr(rng.standard_normal((dim, dim)))[0] for _ in range(2)]
    first, second = ((basis * rng.permutation(spread)) @ basis.T for basis in bases)
    (mean, other), matrix = rng.standard_normal((2, dim)), monge_matrix(first, second)

    def transport(points: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, "k d"]:
        return other + (points - mean) @ matrix

    def potential(points: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, " k"]:
        moved = points - mean
        return points @ other + np.einsum("kd,de,ke->k", moved, matrix, moved) / 2

    cost = float(np.square(other - mean).sum()) + bures_squared(first, second)
    return Pair(Gaussian(mean, first), transport, potential, cost, details={"target": Gaussian(other, second)})


def log_sum_exp_pair(
    dim: int, seed: int = 0, *, pieces: int = 10, base: float = 0.2, tau: float = 0.5, reach: float = 2.0
) -> Pair:
    """Return N(0, I) and its image under the gradient of a smoothed maximum of affine functions: the map is curved and known.

    ψ(x) = a|x|²/2 + τ log Σ_k exp((⟨v_k, x⟩ + b_k)/τ); T = ∇ψ = a x + Σ_k softmax_k(…) v_k: ψ is convex, so T is
    optimal for its image (Brenier 1991).
    Args: pieces: rows v_k, drawn normal with E|v_k|² = reach²·d (b_k normal too); base: a > 0; tau: τ > 0, the smaller the more T
    is like a jump. Raises: ConfigError.
    """
    _require(dim, "base, tau, reach > 0", min(base, tau, reach) > 0, (base, tau, reach))
    _require(pieces, "pieces ≥ 1", pieces >= 1, pieces)
    rng = numpy_stream(seed, "log-sum-exp-pair")
    rows, shift = reach * rng.standard_normal((pieces, dim)), rng.standard_normal(pieces)

    def scores(points: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, "k p"]:
        return (points @ rows.T + shift) / tau

    def transport(points: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, "k d"]:
        return base * points + scipy.special.softmax(scores(points), axis=1) @ rows

    def potential(points: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, " k"]:
        value = tau * scipy.special.logsumexp(scores(points), axis=1)
        return base * np.square(points).sum(axis=1) / 2 + value

    return Pair(Gaussian.standard(dim), transport, potential, details={"rows": rows, "shift": shift})


def square_pair(n: int, seed: int = 0, size: float = 0.5) -> Pair:
    """Return the unit square and n points whose masses are the exact areas of known power cells.

    Sites are uniform, weights g normal with standard deviation size/(2n): so cell shapes differ from Voronoi cells and few cells are empty;
    empty ones are left out, which changes no other cell. Raises: ConfigError.
    """
    _require(n, "n ≥ 3 points", n >= 3, n)
    _require(2, "size ≥ 0", size >= 0, size)
    rng, domain = numpy_stream(seed, "square-pair"), Box.unit(2).polygon
    sites, weights = rng.uniform(size=(n, 2)), size / (2 * n) * rng.standard_normal(n)
    share = masses(sites, weights, domain, facets(sites, weights, domain))
    present = share > 1e-12
    target = Points(sites[present], share[present] / share[present].sum())
    weights = weights[present] - target.masses @ weights[present]
    truth = Brenier.of_weights(Box.unit(2), target, weights)
    return Pair(Box.unit(2), truth.map, truth.value, target=target, details={"weights": weights})


def l2_uvp(estimate: Float64[np.ndarray, "n d"], truth: Float64[np.ndarray, "m e"]) -> float:
    """Return the unexplained variance 100·E|T̂(x) − T(x)|²/tr Cov(T(x)), in per cent; a constant map to the mean scores 100.

    Raises ShapeError. Source: Korotin et al. 2021, arXiv:2106.01954, §4.
    """
    if estimate.shape != truth.shape:
        raise ShapeError(
            f"expected two maps of the same points; got shapes {list(estimate.shape)} and {list(truth.shape)}"
        )
    return 100 * float(np.square(estimate - truth).sum(axis=1).mean()) / float(truth.var(axis=0).sum())


def _require(dim: int, rule: str, holds: bool, value: object) -> None:
    if dim < 1:
        raise ConfigError(f"expected a dimension of at least 1; got {dim}")
    if not holds:
        raise ConfigError(f"expected {rule}; got {value}")
