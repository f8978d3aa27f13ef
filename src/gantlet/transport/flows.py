"""Flows: a velocity field integrated from noise to data, and how straight its paths are."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from gantlet.core.errors import ConfigError

Velocity = Callable[[Float[Tensor, "b *shape"], Float[Tensor, " b"]], Float[Tensor, "b *shape"]]
"""(x, t) → v(x, t), t in [0, 1] per row."""
METHODS = ("euler", "midpoint")


def integrate(
    velocity: Velocity, start: Float[Tensor, "b *shape"], steps: int, method: str = "euler"
) -> Float[Tensor, "b *shape"]:
    """Return x(1) of dx/dt = v(x, t), x(0) = start, by equal steps: Euler's (one evaluation each) or the midpoint's (two).

    Raises: ConfigError for steps < 1 or another method.
    """
    require_method(steps, method)
    x = start
    for k in range(steps):
        x = x + _slope(velocity, x, k, steps, method) / steps
    return x


def require_method(steps: int, method: str) -> None:
    """Raise ConfigError for steps < 1 or another method."""
    if steps < 1 or method not in METHODS:
        raise ConfigError(f"expected steps ≥ 1 and method {' or '.join(METHODS)}; got {steps} and {method!r}")


def _slope(velocity: Velocity, x: Tensor, k: int, steps: int, method: str) -> Tensor:
    time = 0 * x.flatten(1)[:, 0] + k / steps  # of the batch's size in an exported graph too
    first = velocity(x, time)
    return first if method == "euler" else velocity(x + first / (2 * steps), time + 1 / (2 * steps))


@torch.no_grad()
def straightness(velocity: Velocity, start: Float[Tensor, "b *shape"], steps: int = 100) -> float:
    """Return ∫₀¹ E|x(1) − x(0) − v(x(t), t)|² dt / E|x(1) − x(0)|², ≥ 0: 0 where all paths are straight and of even speed.

    By midpoint steps. Convention: the paper's measure S over the squared length, so that it has no unit.
    Source: Liu, Gong & Liu 2022, arXiv:2209.03003, Eq. 8 (cited from memory). Raises: ConfigError.
    """
    require_method(steps, "midpoint")
    path, slopes = start, []
    for k in range(steps):
        slopes.append(_slope(velocity, path, k, steps, "midpoint"))
        path = path + slopes[-1] / steps
    chord = path - start
    bend = sum(float((chord - slope).double().square().sum()) for slope in slopes) / steps
    return bend / float(chord.double().square().sum())
