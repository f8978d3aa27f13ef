"""Cell statistics of a semi-discrete plan from fresh source points, in the arithmetic of the map itself."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64

from gantlet.core.processes import ALONE, Processes
from gantlet.core.rng import numpy_stream
from gantlet.transport.cells import CPU, MEMORY, best_cells
from gantlet.transport.continuous import Continuous, trusted
from gantlet.transport.frame import Frame
from gantlet.transport.problem import Points


@dataclass(frozen=True, eq=False)
class Observed:
    """Cell statistics from ``samples`` fresh source points x: counts [n], Σ x' per cell [n, d] in the frame, and moments.

    With p = x − c, q = y − m: ``square`` is the mean of |p|², the dual value that of |p|² − 2ab max_i(⟨x', y_i'⟩ + h_i') plus
    Σ ν_i (|q_i|² + 2ab h_i'), the primal that of |p − q|². |x − y|² is |p − q|² + |m − c|² + 2⟨c − m, p − q⟩: the last term has
    mean 0 and is left out for less variance. Of a source that is not this package's, the mean c is a claim: there
    2⟨c − m, p⟩ is kept in ``square``, dual and primal.
    """

    samples: int
    counts: Int64[np.ndarray, " n"]
    sums: Float64[np.ndarray, "n d"]
    square: float
    dual: float
    dual_square: float
    primal: float
    primal_square: float

    @property
    def dual_error(self) -> float:
        """Return the standard error of the dual value."""
        return math.sqrt(max(self.dual_square - self.dual**2, 0.0) / self.samples)

    @property
    def primal_error(self) -> float:
        """Return the standard error of the primal value."""
        return math.sqrt(max(self.primal_square - self.primal**2, 0.0) / self.samples)


def pooled(parts: list[Observed]) -> Observed:
    """Return the statistics of all parts together."""
    samples = sum(part.samples for part in parts)
    names = ("square", "dual", "dual_square", "primal", "primal_square")
    means = {name: sum(part.samples * getattr(part, name) for part in parts) / samples for name in names}
    counts, sums = sum(part.counts for part in parts), sum(part.sums for part in parts)
    return Observed(samples, np.asarray(counts), np.asarray(sums), **means)


def observe(
    source: Continuous,
    target: Points,
    frame: Frame,
    potential: Float64[np.ndarray, " n"],
    *,
    seed: int,
    name: str,
    samples: int,
    memory: int = MEMORY,
    processes: Processes = ALONE,
    device: torch.device = CPU,
) -> Observed:
    """Draw fresh independent points and count them in the cells of max_i (⟨x', y_i'⟩ + h_i'); ``potential`` is h'.

    Cells and values are computed as `Brenier.map` computes them, in float64 in the frame. Chunk b has its own random stream, so the
    result does not depend on how many processes share the work. Source: Kantorovich 1942 (dual value ≤ W₂² for every h).
    """
    sites = frame.sites(target.points)
    y, h = (torch.from_numpy(a).to(device) for a in (sites, potential))
    fixed, lengths = 2 * frame.unit * float(target.masses @ potential), np.square(frame.spread * sites).sum(axis=1)
    fixed += float(target.masses @ lengths)
    drift = np.zeros(source.dim) if trusted(source) else -2 * frame.reach * frame.shift
    counts = np.zeros(len(sites), np.int64)
    sums, totals = torch.zeros(len(sites), source.dim, dtype=torch.float64), np.zeros(5)
    for chunk, size in enumerate(_chunks(samples, source.dim)):
        if chunk % processes.size != processes.rank:
            continue
        uniform = numpy_stream(seed, f"{name}-{chunk}").uniform(np.finfo(np.float64).tiny, 1.0, (size, source.dim))
        x = frame.inward(source.from_uniform(uniform))
        best, owner = (part.cpu() for part in best_cells(torch.from_numpy(x).to(device), y, h, memory))
        row = owner.numpy()
        square = np.square(frame.reach * x).sum(axis=1) + x @ drift
        dual = square - 2 * frame.unit * best.numpy() + fixed
        primal = square - 2 * frame.unit * (best.numpy() - potential[row]) + lengths[row]
        counts += np.bincount(row, minlength=len(sites))
        sums.index_add_(0, owner, torch.from_numpy(x))
        totals += [part.sum() for part in (square, dual, np.square(dual), primal, np.square(primal))]
    counts, totals = (processes.total(torch.from_numpy(a)).numpy() for a in (counts, totals))
    return Observed(samples, counts, processes.total(sums).numpy(), *(totals / samples).tolist())


def _chunks(samples: int, dim: int) -> Iterator[int]:
    size = max(1, min(16384, 2**22 // dim))
    for start in range(0, samples, size):
        yield min(size, samples - start)
