"""Cells of a semi-discrete plan: which target takes each source point, by tiles, and the certificate on fresh samples."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.special
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from gantlet.rng import numpy_stream
from gantlet.transport.continuous import Continuous
from gantlet.transport.problem import Points
from gantlet.transport.result import Certificate

TILE = 1024
LEVEL = 0.95


def assign(
    points: Float[Tensor, "m d"], sites: Float[Tensor, "n d"], heights: Float[Tensor, " n"], memory: int
) -> tuple[Float[Tensor, " m"], Int64[Tensor, " m"]]:
    """Return max_i (⟨x, y_i⟩ + h_i) [m] and the first i that attains it [m], by tiles of targets and of points.

    A tile's scores take at most ``memory`` bytes, and never more than suits the processor's cache.
    """
    best, owner = [], []
    columns = min(len(sites), TILE)
    rows = max(1, min(2 * TILE, memory // (columns * points.element_size())))
    for part in points.split(rows):
        value = torch.full((len(part),), -math.inf, dtype=points.dtype)
        index = torch.zeros(len(part), dtype=torch.int64)
        for start in range(0, len(sites), columns):
            stop = start + columns
            scores = torch.addmm(heights[start:stop], part, sites[start:stop].T)
            # NumPy's argmax is vectorised where PyTorch's max with indices is not: 5 to 12 times faster on a CPU.
            where = torch.from_numpy(scores.numpy().argmax(axis=1))
            top = scores.gather(1, where[:, None])[:, 0]
            better = top > value
            value = torch.where(better, top, value)
            index = torch.where(better, where + start, index)
        best.append(value)
        owner.append(index)
    return torch.cat(best), torch.cat(owner)


def chi2(
    counts: Int64[np.ndarray, " n"], masses: Float64[np.ndarray, " n"], level: float = LEVEL
) -> tuple[float, float, float]:
    """Return the unbiased estimate of Σ w_i²/ν_i − 1 from multinomial counts c, with its normal interval.

    χ̂² = Σ c_i(c_i − 1)/(ν_i M(M − 1)) − 1: a U-statistic with kernel 1[I = J]/ν_I, whose variance (Hoeffding) is
    (4(M − 2)ζ₁ + 2ζ₂)/(M(M − 1)), ζ₁ = Σ w³/ν² − (Σ w²/ν)², ζ₂ = Σ w²/ν² − (Σ w²/ν)², by factorial moments.
    Source: Pooladian et al. 2025, arXiv:2509.25519, Eq. 3.5; variance: Hoeffding 1948.
    """
    c, m = counts.astype(np.float64), float(counts.sum())
    pairs, triples = c * (c - 1) / (m * (m - 1)), c * (c - 1) * (c - 2) / (m * (m - 1) * (m - 2))
    mean = float((pairs / masses).sum())
    first = max(float((triples / masses**2).sum()) - mean**2, 0.0)  # a variance; its estimate may fall below 0
    second = max(float((pairs / masses**2).sum()) - mean**2, 0.0)
    spread = math.sqrt((4 * (m - 2) * first + 2 * second) / (m * (m - 1)))
    reach = float(scipy.special.ndtri((1 + level) / 2)) * spread
    return mean - 1, mean - 1 - reach, mean - 1 + reach


@dataclass(frozen=True, eq=False)
class Audit:
    """What fresh samples say: counts of cells [n], mean and standard error of the dual value, and E|x − T(x)|²."""

    counts: Int64[np.ndarray, " n"]
    dual: float
    dual_error: float
    primal: float
    primal_error: float


def audit(
    source: Continuous,
    target: Points,
    potential: Float64[np.ndarray, " n"],
    *,
    rng: np.random.Generator,
    samples: int,
    memory: int,
) -> Audit:
    """Draw fresh independent samples and count cells, in float64; ``potential`` g belongs to |x − y|² − g.

    Dual value E min_i(|x − y_i|² − g_i) + Σ ν_i g_i ≤ W₂² for every g. Source: Kantorovich 1942.
    """
    centre = source.centre
    sites = target.points - centre
    squares = np.square(sites).sum(axis=1)
    y, h = torch.from_numpy(sites), torch.from_numpy((potential - squares) / 2)
    counts = np.zeros(len(sites), dtype=np.int64)
    sums, fixed = np.zeros(4), float(target.masses @ potential)
    for size in _batches(samples, source.dim):
        x = source.from_uniform(rng.uniform(np.finfo(np.float64).tiny, 1.0, (size, source.dim))) - centre
        best, owner = (part.numpy() for part in assign(torch.from_numpy(x), y, h, memory))
        counts += np.bincount(owner, minlength=len(sites))
        dual = np.square(x).sum(axis=1) - 2 * best + fixed
        primal = dual - fixed + potential[owner]
        sums += np.array([dual.sum(), np.square(dual).sum(), primal.sum(), np.square(primal).sum()])
    means = sums / samples
    errors = [math.sqrt(max(means[k + 1] - means[k] ** 2, 0.0) / samples) for k in (0, 2)]
    return Audit(counts, float(means[0]), errors[0], float(means[2]), errors[1])


def _batches(samples: int, dim: int) -> Iterator[int]:
    size = max(1, min(16384, 2**22 // dim))
    for start in range(0, samples, size):
        yield min(size, samples - start)


def certificate(
    source: Continuous,
    target: Points,
    potential: Float64[np.ndarray, " n"],
    *,
    seed: int,
    name: str,
    samples: int,
    memory: int,
) -> tuple[Certificate, Audit]:
    """Return bounds on W₂² and the error of the cell masses w, from ``samples`` fresh samples.

    lower: the dual value less its margin. upper: T_g is optimal for its own marginal, so W₂(μ, ν) ≤
    (E|x − T(x)|²)^½ + W₂(w, ν) and W₂²(w, ν) ≤ TV(w, ν)·diam²; TV ≤ ½(χ²)^½ by Cauchy and Schwarz, at the upper end
    of the interval of χ². The diameter is bounded by twice the largest distance to the mean. Both bounds hold at
    LEVEL, one-sided each. Source: spec by Kantorovich duality; the bound on W₂(w, ν) is Villani 2009, Thm. 6.15.
    """
    found = audit(source, target, potential, rng=numpy_stream(seed, name), samples=samples, memory=memory)
    value, low, high = chi2(found.counts, target.masses)
    margin = float(scipy.special.ndtri(LEVEL))
    spread = 2 * float(np.linalg.norm(target.points - target.mean, axis=1).max())
    variation = min(math.sqrt(max(high, 0.0)) / 2, 1.0)
    upper = math.sqrt(max(found.primal + margin * found.primal_error, 0.0)) + math.sqrt(variation) * spread
    bounds = Certificate(
        "statistical",
        lower=found.dual - margin * found.dual_error,
        upper=upper**2,
        level=LEVEL,
        samples=samples,
        marginal_error=variation,
        chi2=value,
        chi2_low=low,
        chi2_high=high,
    )
    return bounds, found
