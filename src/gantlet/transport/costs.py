"""Costs of moving a point: named ones, a function of your own, or a matrix; computed whole or by tiles of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.errors import ConfigError, DataError, NonFiniteError, ShapeError, UnknownName
from gantlet.core.numerics.finite import check_finite
from gantlet.core.specs import parse_spec

COSTS = ("quadratic", "euclidean", "cosine", "minkowski")
"""|x − y|², |x − y|, 1 − cos(x, y), (Σ |x_k − y_k|^p)^(1/p)."""
ANY = (*COSTS, "function", "matrix")
TILE = 2**22
"""Entries of a tile of costs: 32 MB in float64."""
Between = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Cost:
    """A cost c(x, y) by its ``name``: a function of points [k, d] and [l, d] with values [k, l], or a given ``matrix``."""

    name: str
    between: Between | None = None
    matrix: Float64[Tensor, "n m"] | None = None

    def tiles(self, x: Float64[Tensor, "n d"], y: Float64[Tensor, "m d"]) -> "Tiles":
        """Return the costs between two sets of points; of a small problem computed once."""
        if self.matrix is not None:
            return Tiles(self.matrix.shape[0], self.matrix.shape[1], whole=self.matrix)
        if len(x) * len(y) <= TILE:
            return Tiles(len(x), len(y), whole=checked(self, x, y))
        if self.name == "quadratic":
            middle = y.mean(dim=0)
            return Tiles(len(x), len(y), Cost("quadratic", _by_products), x - middle, y - middle)
        return Tiles(len(x), len(y), self, x, y)


@dataclass(frozen=True, eq=False)
class Tiles:
    """A cost matrix [n, m] that is computed row by row where it is large."""

    n: int
    m: int
    cost: Cost | None = None
    x: Float64[Tensor, "n d"] | None = None
    y: Float64[Tensor, "m d"] | None = None
    whole: Float64[Tensor, "n m"] | None = None

    @property
    def height(self) -> int:
        """Return the number of rows of a tile."""
        return max(1, TILE // self.m)

    def rows(self, start: int, stop: int) -> Float64[Tensor, "k m"]:
        """Return rows start … stop of the matrix; raises ShapeError, NonFiniteError (a function of your own)."""
        if self.whole is not None:
            return self.whole[start:stop]
        assert self.cost is not None and self.x is not None and self.y is not None
        return checked(self.cost, self.x[start:stop], self.y)

    @property
    def flipped(self) -> "Tiles":
        """Return the transposed matrix."""
        if self.whole is not None:
            return Tiles(self.m, self.n, whole=self.whole.T)
        assert self.cost is not None and self.cost.between is not None
        between = self.cost.between
        return Tiles(self.m, self.n, Cost(self.cost.name, lambda y, x: between(x, y).T), self.y, self.x)


def cost_of(cost: Any) -> Cost:
    """Return the cost of a name (``minkowski[p=1]``), a function or a matrix; raises UnknownName, ConfigError, ShapeError."""
    if isinstance(cost, Cost):
        return cost
    if isinstance(cost, str):
        return _named(cost)
    if callable(cost):
        return Cost("function", cost)
    array = cost.detach().cpu().numpy() if isinstance(cost, Tensor) else np.asarray(cost)
    if array.ndim != 2 or array.dtype.kind not in "iuf":
        raise ShapeError(
            f"expected a cost as a name, a function or a matrix [n, m] of real numbers; got {type(cost).__name__} of "
            f"shape {list(array.shape)}"
        )
    matrix = np.array(array, dtype=np.float64, order="C")
    check_finite("the cost matrix", matrix)
    return Cost("matrix", matrix=torch.from_numpy(matrix))


def _named(spec: str) -> Cost:
    name, options = parse_spec(spec)
    if name not in COSTS:
        raise UnknownName("cost", name, COSTS)
    if unknown := set(options) - ({"p"} if name == "minkowski" else set()):
        raise UnknownName(f"option of cost {name}", sorted(unknown)[0], ["p"] if name == "minkowski" else [])
    if name == "minkowski":
        return Cost(name, _minkowski(options.get("p", "3")))
    return Cost(name, {"quadratic": quadratic, "euclidean": euclidean, "cosine": cosine}[name])


def _minkowski(text: str) -> Between:
    try:
        p = float(text)
    except ValueError:
        p = 0.0
    if not p >= 1:
        raise ConfigError(f"expected p ≥ 1 of the cost minkowski; got {text}")
    return lambda x, y: torch.cdist(x, y, p=p, compute_mode="donot_use_mm_for_euclid_dist")


def euclidean(x: Float64[Tensor, "k d"], y: Float64[Tensor, "l d"]) -> Float64[Tensor, "k l"]:
    """Return |x − y| by differences: |x|² + |y|² − 2⟨x, y⟩ loses digits where points are close."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def quadratic(x: Float64[Tensor, "k d"], y: Float64[Tensor, "l d"]) -> Float64[Tensor, "k l"]:
    """Return |x − y|²."""
    return euclidean(x, y).square()


def _by_products(x: Float64[Tensor, "k d"], y: Float64[Tensor, "l d"]) -> Float64[Tensor, "k l"]:
    """Return |x − y|² as |x|² + |y|² − 2⟨x, y⟩ of centred points: to 10⁻¹⁵ of the largest, several times faster."""
    lengths = [rows.square().sum(dim=1) for rows in (x, y)]
    return torch.addmm(lengths[1], x, y.T, alpha=-2.0).add_(lengths[0][:, None]).clamp_(min=0.0)


def cosine(x: Float64[Tensor, "k d"], y: Float64[Tensor, "l d"]) -> Float64[Tensor, "k l"]:
    """Return 1 − ⟨x, y⟩/(|x| |y|), in [0, 2], as half the squared distance of directions; raises DataError for a zero row."""
    lengths = [rows.norm(dim=1, keepdim=True) for rows in (x, y)]
    if any(bool((length == 0).any()) for length in lengths):
        raise DataError("a point is 0 and has no direction; expected points ≠ 0 for the cost cosine. Leave it out")
    return quadratic(x / lengths[0], y / lengths[1]) / 2


def checked(cost: Cost, x: Float64[Tensor, "k d"], y: Float64[Tensor, "l d"]) -> Float64[Tensor, "k l"]:
    """Return the costs between points; of a function of your own only finite ones of the right shape."""
    assert cost.between is not None
    values = cost.between(x, y)
    if cost.name != "function":
        return values
    values = torch.as_tensor(values).detach().to(torch.float64)
    if values.shape != (len(x), len(y)):
        raise ShapeError(
            f"expected a cost function of points [k, d] and [l, d] with values [k, l] = [{len(x)}, {len(y)}]; got shape "
            f"{list(values.shape)}"
        )
    if not torch.isfinite(values).all():
        raise NonFiniteError("the cost function returned NaN or infinity; expected finite costs")
    return values
