"""TransportResult: what a solver found, with the certificate that says how far to trust it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from gantlet.errors import NonFiniteError

Map = Callable[[Float64[np.ndarray, "k d"]], Float64[np.ndarray, "k d"]]


@dataclass(frozen=True)
class Certificate:
    """What was checked after the solve: ``lower`` ≤ optimal cost ≤ ``upper``.

    ``kind``: exact (up to rounding), statistical (each bound holds at ``level``, from ``samples`` fresh samples), or
    closed form. ``marginal_error``: total variation between the target's marginal reached and the one asked for.
    ``chi2``: Σ w_i²/ν_i − 1 of the cell masses w, unbiased (it may fall below 0), with its interval.
    """

    kind: Literal["exact", "statistical", "closed form"]
    lower: float | None = None
    upper: float | None = None
    level: float | None = None
    samples: int = 0
    marginal_error: float | None = None
    chi2: float | None = None
    chi2_low: float | None = None
    chi2_high: float | None = None

    def __post_init__(self) -> None:
        for name in ("lower", "upper", "marginal_error", "chi2", "chi2_low", "chi2_high"):
            value = getattr(self, name)
            if value is not None and not np.isfinite(value):
                raise NonFiniteError(f"the certificate's {name} is {value}; check the scale of the points")


@dataclass(frozen=True, eq=False)
class TransportResult:
    """The solution of one transport problem; ``cost`` in squared units of the points for the quadratic cost.

    ``source_potential`` [n] + ``target_potential`` [m] ≤ c(x, y) (Kantorovich; absent where a solver has none).
    ``map`` sends source points [k, d] to the target. ``reason`` says why the solver stopped.
    """

    method: str
    cost: float
    certificate: Certificate
    iterations: int
    seconds: float
    converged: bool
    reason: str
    source_potential: Float64[np.ndarray, " n"] | None = None
    target_potential: Float64[np.ndarray, " m"] | None = None
    plan: Float64[np.ndarray, "n m"] | None = None
    map: Map | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not np.isfinite(self.cost):
            raise NonFiniteError(f"{self.method}: the cost is {self.cost}; check the scale of the points")
