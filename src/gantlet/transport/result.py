"""TransportResult: the solution of a transport problem, with the certificate that says how far to trust it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import NonFiniteError
from gantlet.transport.brenier import Brenier
from gantlet.transport.certificate import Certificate

Map = Callable[[Float64[np.ndarray, "k d"]], Float64[np.ndarray, "k d"]]


@dataclass(frozen=True, eq=False)
class TransportResult:
    """The solution of one transport problem; ``cost`` in squared units of the points for the quadratic cost.

    ``source_potential`` [n] + ``target_potential`` [m] ≤ c(x, y) (Kantorovich; absent where a solver has none).
    ``map`` sends source points [k, d] to the target; ``brenier`` is the potential whose gradient it is (semi-discrete
    methods). ``reason`` says why the solver stopped.
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
    brenier: Brenier | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not np.isfinite(self.cost):
            raise NonFiniteError(f"{self.method}: the cost is {self.cost}; check the scale of the points")
