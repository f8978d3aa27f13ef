"""Mini-batch optimal transport couplings: a batch of noise with as many data rows, one to one."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from gantlet.core.errors import ConfigError, DataError, ShapeError
from gantlet.core.rng import numpy_stream
from gantlet.transport.costs import cost_of
from gantlet.transport.coupling import Pairing
from gantlet.transport.coupling_data import class_rows, flattened, gathered, labels_of, noise_rows
from gantlet.transport.entropic import Sinkhorn
from gantlet.transport.sinkhorn import balance
from gantlet.transport.solver import SOLVERS

METHODS = ("exact", "sinkhorn", "none")


@dataclass(frozen=True, eq=False)
class MinibatchCoupling(Pairing):
    """Each batch of noise is coupled with as many data rows, drawn without repetition, by exact or entropic transport.

    exact: the permutation σ that minimises Σ |x_i − y_σ(i)|²; sinkhorn: a permutation drawn with weight Π P_iσ(i) of the entropic
    plan P, as the best one of log P with Gumbel noise; none: as drawn. A permutation repeats and leaves out no row of the batch,
    which rows sampled from a plan do. With labels the rows of each class are drawn from it and coupled for themselves, so that
    each class's noise keeps its distribution. The draw depends on seed and noise alone: the same in every process.
    Source: Tong et al. 2023, arXiv:2302.00482; Pooladian et al. 2023, arXiv:2304.14772; perturbed maxima: Papandreou & Yuille 2011.
    """

    rows: Float64[np.ndarray, "n d"]
    labels: Int64[np.ndarray, " n"] | None = None
    method: str = "exact"
    seed: int = 0

    @classmethod
    def fit(cls, data: Any, labels: Any = None, *, method: str = "exact", seed: int = 0) -> "MinibatchCoupling":
        """Return the coupling of a data set, as `Coupling.fit` takes it; method: exact, none or a spec of sinkhorn."""
        rows, classes = gathered(data), labels_of(labels)
        class_rows(len(rows), classes)
        _checked(method)
        return cls(rows, classes, method, seed)

    def pair(self, noise: Any, labels: Any = None) -> Any:
        """Return the index of each noise row's data row [b]; raises ShapeError, ConfigError, DataError (a class too small)."""
        rows, device = noise_rows(noise, self.rows.shape[1])
        chosen = labels_of(labels)
        if (chosen is None) != (self.labels is None):
            raise ConfigError("pass labels to both fit and pair, or to neither")
        known = dict(class_rows(len(self.rows), self.labels))
        found = np.empty(len(rows), dtype=np.int64)
        for label, members in class_rows(len(rows), chosen):
            if label not in known:
                raise DataError(
                    f"class {label} has no data in this coupling; expected one of {sorted(map(str, known))}"
                )
            rng = numpy_stream(self.seed, f"pairs-{label}-{zlib.crc32(rows[members].tobytes())}")
            drawn = _draw(known[label], len(members), rng)
            found[members] = drawn[matching(rows[members], self.rows[drawn], self.method, rng)]
        return torch.from_numpy(found).to(device) if isinstance(noise, Tensor) else found


def matching(
    noise: Any, data: Any, method: str = "exact", rng: np.random.Generator | None = None
) -> Int64[np.ndarray, " b"]:
    """Return the permutation σ [b] that couples noise [b, …] with data [b, …]: row i goes to data[σ[i]].

    Args: method: exact, none or a spec of sinkhorn; rng: for sinkhorn. Raises: ShapeError, NonFiniteError, ConfigError.
    """
    _checked(method)
    y = flattened("data", data)
    x, _ = noise_rows(noise, y.shape[1])
    if len(x) != len(y):
        raise ShapeError(f"expected as many data rows as noise rows; got {len(y)} and {len(x)}")
    if method == "none" or len(x) < 2:
        return np.arange(len(x))
    cost = cost_of("quadratic")
    tiles = cost.tiles(torch.from_numpy(x), torch.from_numpy(y))
    matrix = tiles.rows(0, tiles.n)
    if method != "exact":
        solver = SOLVERS.build(method)
        assert isinstance(solver, Sinkhorn)
        epsilon = solver.epsilon * (float(matrix.mean()) or 1.0)
        found = balance(tiles, epsilon, solver.tolerance, solver.iterations)
        gumbel = (rng or numpy_stream(0, "matching")).gumbel(size=matrix.shape)
        matrix = (matrix - found.real[:, None] - found.fake) / epsilon - torch.from_numpy(gumbel)
    return np.asarray(scipy.optimize.linear_sum_assignment(matrix.numpy())[1], dtype=np.int64)


def _checked(method: str) -> None:
    if method in ("exact", "none"):
        return
    if method.split("[", maxsplit=1)[0] != "sinkhorn":
        raise ConfigError(f"expected a mini-batch coupling {', '.join(METHODS)}; got {method!r}")
    SOLVERS.build(method)


def _draw(members: Int64[np.ndarray, " n"], count: int, rng: np.random.Generator) -> Int64[np.ndarray, " b"]:
    """Return ``count`` rows, each of them ⌊count/n⌋ or ⌈count/n⌉ times."""
    whole, rest = divmod(count, len(members))
    return np.concatenate([np.tile(members, whole), rng.permutation(members)[:rest]])
