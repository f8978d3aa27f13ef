"""The half-step of Sinkhorn's iterations: a soft minimum over the rows of a cost matrix, by sums or by products."""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.transport.costs import Tiles

REACH, LEAST = 50.0, 1e-200
"""K is used while potentials are within 50 ε of its own and its sums above 10⁻²⁰⁰: what underflows is below 10⁻⁸⁰ of them."""


@dataclass(eq=False)
class Kernel:
    """K_ij = exp((f_i + g_j − C_ij)/ε) about potentials f, g near those sought, so that K is near the plan's density."""

    whole: Float64[Tensor, "n m"]
    epsilon: float = math.nan
    base: tuple[Float64[Tensor, " n"], Float64[Tensor, " m"]] | None = None
    values: Float64[Tensor, "n m"] | None = None

    def build(self, f: Float64[Tensor, " n"], g: Float64[Tensor, " m"], epsilon: float) -> None:
        """Compute K anew."""
        self.values = torch.sub(f[:, None], self.whole, out=self.values).add_(g).div_(epsilon).exp_()
        self.base, self.epsilon = (f, g), epsilon


@dataclass(eq=False)
class Softmin:
    """g ↦ −ε log Σ_j b_j exp((g_j − C_ij)/ε) [n] for one cost matrix and the masses b of its columns.

    By a matrix-vector product with a kernel K that was computed about the last potentials, as long as these are near: one product
    instead of an exponential per entry, several times faster. By log-sum-exp over tiles of rows where the matrix is not held,
    at a new ε, and where potentials have moved so far that K would lose digits. Source: Schmitzer 2019, arXiv:1610.06519, §3.1.
    """

    cost: Tiles
    masses: Float64[Tensor, " m"]
    kernel: Kernel | None = None
    turned: bool = False
    last: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, cost: Tiles, masses: Float64[Tensor, " m"]) -> "Softmin":
        """Return the half-step over rows."""
        return cls(cost, masses, None if cost.whole is None else Kernel(cost.whole))

    def flipped(self, masses: Float64[Tensor, " n"]) -> "Softmin":
        """Return the half-step over columns, with the same kernel."""
        return Softmin(self.cost.flipped, masses, self.kernel, turned=True, last=self.last)

    def __call__(self, potential: Float64[Tensor, " m"], epsilon: float) -> Float64[Tensor, " n"]:
        """Return the soft minimum of C_ij − g_j over j."""
        found = self._product(potential, epsilon)
        if found is None:
            found = self._sum(potential, epsilon)
        mine, others = ("g", "f") if self.turned else ("f", "g")
        self.last.update({mine: found, others: potential})
        return found

    def _product(self, potential: Float64[Tensor, " m"], epsilon: float) -> Float64[Tensor, " n"] | None:
        """Return the soft minimum by K, computed anew where it must be; None where its digits would not suffice."""
        kernel = self.kernel
        if kernel is None or not self.last:
            return None
        if kernel.base is None or kernel.epsilon != epsilon:
            kernel.build(self.last["f"], self.last["g"], epsilon)
        assert kernel.base is not None and kernel.values is not None
        f, g = kernel.base
        own, other = (g, f) if self.turned else (f, g)
        moved = (potential - other) / epsilon
        matrix = kernel.values.T if self.turned else kernel.values
        total = matrix @ (self.masses * moved.exp())
        if float(moved.abs().max()) < REACH and float(total.min()) > LEAST and float(total.max()) < math.inf:
            return own - epsilon * total.log()
        kernel.base = None
        return None

    def _sum(self, potential: Float64[Tensor, " m"], epsilon: float) -> Float64[Tensor, " n"]:
        raised, out = potential / epsilon + self.masses.log(), torch.empty(self.cost.n, dtype=torch.float64)
        for start in range(0, self.cost.n, self.cost.height):
            tile = self.cost.rows(start, min(start + self.cost.height, self.cost.n))
            out[start : start + len(tile)] = torch.logsumexp(raised - tile / epsilon, dim=1)
        return -epsilon * out
