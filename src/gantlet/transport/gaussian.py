"""Transport between Gaussians: the Bures cost and the affine map."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, NonFiniteError
from gantlet.core.numerics.covariance import psd_factor, trace_root_product
from gantlet.transport.arrays import as_rows
from gantlet.transport.certificate import Certificate
from gantlet.transport.continuous import Gaussian, class_name
from gantlet.transport.problem import Points, Problem
from gantlet.transport.result import TransportResult
from gantlet.transport.solver import SOLVERS, Solver


def bures_squared(first: Float64[np.ndarray, "d d"], second: Float64[np.ndarray, "d d"]) -> float:
    """Return the squared Bures distance tr A + tr B − 2 tr (A^½ B A^½)^½ of two covariances, ≥ 0.

    Source: Dowson & Landau 1982, J. Multivariate Analysis 12, Eq. 4. Rounding below 0 counts as 0.
    """
    return max(float(np.trace(first) + np.trace(second)) - 2 * trace_root_product(first, second), 0.0)


def monge_matrix(first: Float64[np.ndarray, "d d"], second: Float64[np.ndarray, "d d"]) -> Float64[np.ndarray, "d d"]:
    """Return the symmetric A with A first A = second: A = S^{−½}(S^½ second S^½)^½ S^{−½}, S = first.

    Raises NonFiniteError where ``first`` is singular: then no linear map need exist. Source: Knott & Smith 1984.
    """
    if not psd_factor(first)[1]:
        raise NonFiniteError(
            "the source's covariance is singular, so no linear map to the target need exist; use more points or exact"
        )
    values, vectors = scipy.linalg.eigh(first)
    root, inverse = ((vectors * values**power) @ vectors.T for power in (0.5, -0.5))
    middle, basis = scipy.linalg.eigh(root @ second @ root)
    inner = (basis * np.sqrt(np.maximum(middle, 0.0))) @ basis.T  # eigenvalues of a PSD product: below 0 is rounding
    return inverse @ inner @ inverse


@SOLVERS.register("gaussian", source="Knott & Smith 1984; Dowson & Landau 1982; Gelbrich 1990", costs=("quadratic",))
@dataclass(frozen=True)
class GaussianSolver(Solver):
    """Closed-form transport between the Gaussians with the means and covariances of the two sides.

    cost = |m − m'|² + tr S + tr S' − 2 tr (S^½ S' S^½)^½; T(x) = m' + A (x − m), A S A = S'.
    Args: none. Returns: cost and map. Convention: a set of points enters through its covariance Σ p (x − m)(x − m)ᵀ, so the cost is a lower bound
    on exact transport between them (Gelbrich 1990) and the certificate says so. Raises: ConfigError (a uniform
    distribution as a side), NonFiniteError (singular source covariance).
    Source: Knott & Smith 1984; Dowson & Landau 1982; bound: Gelbrich 1990, Math. Nachr. 147, Thm. 2.1.
    """

    def __call__(self, problem: Problem) -> TransportResult:
        """Solve; see the class."""
        (mean, cov), (other, other_cov) = _moments(problem.source), _moments(problem.target)
        shift = np.square(other - mean).sum()
        cost = float(shift) + bures_squared(cov, other_cov)
        matrix = monge_matrix(cov, other_cov)

        def affine(points: Any) -> Float64[np.ndarray, "k d"]:
            return other + (as_rows("points", points, len(mean)) - mean) @ matrix

        both = isinstance(problem.source, Gaussian) and isinstance(problem.target, Gaussian)
        return TransportResult(
            method="gaussian",
            cost=cost,
            certificate=Certificate("closed form", lower=cost, upper=cost if both else None),
            iterations=1,
            seconds=0.0,
            converged=True,
            reason="closed form" if both else "closed form; a lower bound on exact transport between the two sides",
            map=affine,
            map_kind="affine map between the Gaussians",
            details={"mean_part": float(shift), "matrix": matrix},
        )


def _moments(side: object) -> tuple[Float64[np.ndarray, " d"], Float64[np.ndarray, "d d"]]:
    if not (type(side) is Gaussian or isinstance(side, Points)):
        raise ConfigError(f"gaussian takes points or a Gaussian on either side; got {class_name(side)}")
    return side.mean, side.cov
