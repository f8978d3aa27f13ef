"""Audit of a critic: is x + ∇D(x)/K the optimal map, and how steep are critic and generator?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError, NonFiniteError, ShapeError
from gantlet.core.numerics.finite import check_finite
from gantlet.transport.entropic import Sinkhorn
from gantlet.transport.ground_truth import l2_uvp
from gantlet.transport.problem import problem
from gantlet.transport.result import Map

LINEAR = (nn.Linear,)
GENTLE = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Identity, nn.Flatten, nn.ELU, nn.Softplus, nn.Sigmoid)
"""Layers whose Lipschitz constant is at most 1."""


@dataclass(frozen=True)
class CriticAudit:
    """Result of an audit: how good a critic's gradient is as a transport map.

    ``uvp``: L2-UVP in per cent of x + ∇D(x)/K, ``cosine``: mean cosine of displacements, both None where the optimal map is not available;
    ``divergence_ratio`` S_ε(T♯μ, ν)/S_ε(μ, ν): 0 is perfect, 1 is as bad as not moving; ``slope``: the largest ‖∇D‖ over the points;
    ``slope_bound``: the product of the layers' norms, None where a layer has no norm here (``notes`` say which).
    """

    divergence_ratio: float
    slope: float
    slope_bound: float | None
    uvp: float | None = None
    cosine: float | None = None
    notes: tuple[str, ...] = ()


def audit(
    critic: Callable[[Tensor], Tensor],
    source: Any,
    target: Any,
    *,
    true_map: Map | None = None,
    cost: float = 1.0,
    epsilon: float = 0.05,
) -> CriticAudit:
    """Test T(x) = x + ∇D(x)/K, the map that a critic's potential defines for the cost K/2·|x − y|².

    Args: critic: float32 points [n, d] → [n], high on the target (D = −φ: T = x − ∇φ/K); source [n, d], target [m, d]:
    points; true_map: the optimal map where it is available; cost: K > 0; epsilon: of S_ε, relative to the mean cost.
    Returns: `CriticAudit`. Raises: ShapeError, NonFiniteError (a gradient that is not finite), ConfigError (K ≤ 0).
    Convention: ∇D alone, without a fitted step length; a W₁ critic's gradient gives a direction, so read its cosine.
    Source: Gu et al., Lei et al. 2019, arXiv:1710.05488 (the map from the potential); score: Korotin et al. 2021,
    arXiv:2106.01954.
    """
    if not cost > 0:
        raise ConfigError(f"expected the weight K of the cost > 0; got {cost}")
    first, second = problem(source, target, "quadratic").points
    gradient = input_gradients(critic, first.points)
    moved = first.points + gradient / cost
    solver = Sinkhorn(epsilon=epsilon)
    spread = [
        float(solver(problem(points, second.points, "quadratic")).details["divergence"])
        for points in (moved, first.points)
    ]
    bound, notes = layer_bound(critic)
    uvp = cosine = None
    if true_map is not None:
        truth = true_map(first.points)
        uvp, cosine = l2_uvp(moved, truth), mean_cosine(gradient, truth - first.points)
    ratio = spread[0] / spread[1]
    return CriticAudit(ratio, float(np.linalg.norm(gradient, axis=1).max()), bound, uvp, cosine, notes)


def input_gradients(
    critic: Callable[[Tensor], Tensor], points: Float64[np.ndarray, "n d"]
) -> Float64[np.ndarray, "n d"]:
    """Return ∇D [n, d] at each point; raises ShapeError unless the critic returns [n], NonFiniteError."""
    x = torch.from_numpy(points).to(torch.float32).requires_grad_(True)
    value = critic(x)
    if value.shape != (len(points),):
        raise ShapeError(
            f"expected a critic that maps [n, d] to [n]; got shape {list(value.shape)} for n = {len(points)}"
        )
    (gradient,) = torch.autograd.grad(value.sum(), x)
    gradients = gradient.double().numpy()
    check_finite("the critic's gradient", gradients)
    return gradients


def mean_cosine(displacements: Float64[np.ndarray, "n d"], truth: Float64[np.ndarray, "n d"]) -> float:
    """Return the mean cosine of rows, in [−1, 1]; a row of length 0 counts as 0."""
    lengths = np.linalg.norm(displacements, axis=1) * np.linalg.norm(truth, axis=1)
    return float(((displacements * truth).sum(axis=1) / np.where(lengths > 0, lengths, 1.0)).mean())


def sampled_slope(generator: Callable[[Tensor], Tensor], latents: Float64[np.ndarray, "n k"]) -> float:
    """Return the largest ‖J_G(z)‖₂ over the latents: a lower bound on the Lipschitz constant of G.

    Raises: NonFiniteError. Each row of the output must depend on its own latent only.
    """
    z = torch.from_numpy(latents).to(torch.float32).requires_grad_(True)
    out = generator(z).flatten(1)
    rows = [torch.autograd.grad(out[:, j].sum(), z, retain_graph=True)[0] for j in range(out.shape[1])]
    jacobians = torch.stack(rows, dim=1)
    if not torch.isfinite(jacobians).all():
        raise NonFiniteError("the generator's Jacobian holds NaN or infinity; check its weights")
    return float(torch.linalg.matrix_norm(jacobians, ord=2).max())


def layer_bound(network: Any) -> tuple[float | None, tuple[str, ...]]:
    """Return Π ‖W_l‖₂ over the layers of an nn.Sequential: an upper bound on its Lipschitz constant; or None and the reason."""
    if not isinstance(network, nn.Sequential):
        return None, ("no layer bound: the critic is not an nn.Sequential",)
    bound = 1.0
    for layer in network:
        if isinstance(layer, LINEAR):
            bound *= float(torch.linalg.matrix_norm(layer.weight.detach().double(), ord=2))
        elif not isinstance(layer, GENTLE):
            return None, (f"no layer bound: {type(layer).__name__} has no known norm",)
    return bound, ()


def least_bridging(gap: float, slope: float) -> float:
    """Return 2Φ(Δ/2L) − 1: the least mass that an L-Lipschitz image of N(0, I) has between two equal modes at gap Δ.

    Each half has mass at most ½; the preimages of the modes are Δ/L apart, and by Gaussian isoperimetry half-spaces leave the
    least between them. Raises ConfigError. Source: Borell 1975 (isoperimetry); Salmona et al. 2022, arXiv:2206.12246.
    """
    import scipy.special

    if not (gap >= 0 and slope > 0):
        raise ConfigError(f"expected gap ≥ 0 and slope > 0; got {gap} and {slope}")
    return float(2 * scipy.special.ndtr(gap / (2 * slope)) - 1)
