"""TransportResult: the solution of a transport problem, with the certificate that says how far to trust it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, NonFiniteError
from gantlet.core.results.plain import as_frame
from gantlet.transport.brenier import Brenier
from gantlet.transport.certificate import Certificate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

CELLS = "cells of the target's potential"
"""Kind of a map that sends each point to one target, optimally for the masses of its cells."""
Map = Callable[[Any], Float64[np.ndarray, "k d"]]


@dataclass(frozen=True, eq=False)
class TransportResult:
    """The solution of one transport problem; ``cost`` in squared units of the points for the quadratic cost.

    ``source_potential`` [n] + ``target_potential`` [m] ≤ c(x, y) (Kantorovich; absent where a solver has none).
    ``map`` sends source points [k, d], old or new, to the target; ``map_kind`` says what it is;
    ``brenier`` is the potential whose gradient it is (semi-discrete
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
    map_kind: str = ""
    brenier: Brenier | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        bounds = " … ".join(
            "?" if end is None else f"{end:.4g}" for end in (self.certificate.lower, self.certificate.upper)
        )
        state = "converged" if self.converged else f"not converged ({self.reason})"
        return (
            f"<TransportResult by {self.method}: cost {self.cost:.6g} in [{bounds}] ({self.certificate.kind}), {state}>"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return method, cost, the certificate's bounds and how the solver stopped; potentials, plan and map stay in their fields."""
        plain = ("method", "cost", "iterations", "seconds", "converged", "reason")
        values = {name: vars(self)[name] for name in plain}
        return values | {f"certificate_{name}": value for name, value in vars(self.certificate).items()}

    @property
    def sparse_plan(self) -> scipy.sparse.coo_array:
        """Return the plan [n, m] with its entries > 0 only; raises ConfigError where the method has none."""
        if self.plan is None:
            raise ConfigError(f"{self.method} returned no plan; use exact, or sinkhorn on fewer points")
        return scipy.sparse.coo_array(self.plan)

    def to_pandas(self) -> "DataFrame":
        """Return `to_dict` as one row, so that several solvers make a table; raises UsageError where pandas is not installed."""
        return as_frame([self.to_dict()])

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the plan as an image where there is one, else the cost within its bounds; return the matplotlib axes.

        Where only one bound of the transport cost is known it is a green tick.
        """
        from gantlet.core.drawing.forest import axes as new_axes
        from gantlet.core.drawing.forest import require_axes

        if self.plan is None:
            return self._bounds(axes)
        panel = new_axes(12) if axes is None else require_axes(axes)
        panel.imshow(self.plan, cmap="Blues", aspect="auto", interpolation="nearest")
        panel.set_xlabel("target", fontsize=8.5)
        panel.set_ylabel("source", fontsize=8.5)
        panel.set_title(f"{self.method}: plan of cost {self.cost:.4g}", fontsize=9.5, loc="left")
        return panel

    def _bounds(self, axes: "Axes | None") -> "Axes":
        from gantlet.core.drawing.forest import Row, forest

        low, high = self.certificate.lower, self.certificate.upper
        known = [end for end in (low, high) if end is not None]
        text, ends, tick = f"{self.cost:.4g}", (self.cost, self.cost), None
        if len(known) == 2:
            text, ends = f"{text} [{known[0]:.4g}, {known[1]:.4g}]", (known[0], known[1])
        elif known:
            text, tick = f"{text}, bound {'≥' if high is None else '≤'} {known[0]:.4g}", known[0]
        row = Row(self.method, text, self.cost, *ends, reference=tick)
        panel = forest([row], axes, scale=f"cost, with its bounds ({self.certificate.kind})")
        places = [self.cost, *known]
        if max(places) - min(places) <= 1e-3 * abs(self.cost):  # one place, and an axis to read it by
            pad = 0.1 * abs(self.cost) or 1.0
            panel.set_xlim(self.cost - pad, self.cost + pad)
        panel.ticklabel_format(axis="x", useOffset=False)
        panel.locator_params(axis="x", nbins=5)
        return panel

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards import card, pairs, text

        facts = {name.replace("_", " "): f"{value:.6g}" if isinstance(value, float) else str(value)
                 for name, value in self.to_dict().items() if value is not None}  # fmt: skip
        return card(f"<b>{text(self.method)}</b>", pairs(facts))

    def __post_init__(self) -> None:
        if not np.isfinite(self.cost):
            raise NonFiniteError(f"{self.method}: the cost is {self.cost}; check the scale of the points")
