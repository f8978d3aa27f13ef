"""An upper bound on the cost from fresh samples: a plan from them to the targets, with the targets' masses exactly."""

import math

import numpy as np
import scipy.special
import torch
from jaxtyping import Float64, Int64

from gantlet.core.processes import ALONE, Processes
from gantlet.core.rng import numpy_stream
from gantlet.transport.brenier import Brenier
from gantlet.transport.cells import CPU, leaders
from gantlet.transport.continuous import trusted
from gantlet.transport.repair import repair

LEVEL = 0.95
NEAR = 8
"""Candidates of each sample: its best cells."""
PER_TARGET = 20
SWEEPS = 40
BLUR = (2.0, 0.1)
"""First and last temperature of the plan, in medians of the gap between the best two scores."""
CHUNK = 2048


def sampled_upper(
    potential: Brenier,
    *,
    seed: int,
    name: str,
    processes: Processes = ALONE,
    device: torch.device = CPU,
    samples: int = 0,
) -> tuple[float, int]:
    """Return a bound that W₂²(μ, ν) is below at LEVEL, and the number of fresh samples it took (0: 20 per target).

    Each sample's mass is shared among its NEAR best cells, P_xj ∝ exp((s_xj + δ_j)/τ), with δ moved until the shares add up to ν (Sinkhorn
    on a sparse graph); what is left of the excess is moved cell by cell (`repair`), so that the second marginal is ν exactly. Its cost is
    at least W₂²(μ̂, ν) of the empirical measure μ̂, whose mean is at least W₂²(μ, ν) by convexity; the margin is that of the
    mean of the dual value over samples, the limit distribution of W₂²(μ̂, ν), or of the primal one if larger.
    Source: convexity: Villani 2009, Thm. 4.8; limit: del Barrio & Loubes 2019, arXiv:1705.01299.
    """
    frame, target = potential.frame, potential.target
    count = samples or max(10_000, PER_TARGET * len(target.points))
    scores, rows = _leaders(potential, seed, name, count, processes=processes, device=device)
    shares = _shares(scores, rows, target.masses)
    drift = np.zeros(len(frame.middle)) if trusted(potential.source) else -2 * frame.reach * frame.shift
    masses, sums = np.zeros(len(target.points)), np.zeros_like(target.points)
    square = np.zeros(count)
    for start, x in _points(potential, seed, name, count):
        part = slice(start, start + len(x))
        flat = rows[part].ravel()
        masses += np.bincount(flat, shares[part].ravel(), len(masses))
        for axis in range(x.shape[1]):
            sums[:, axis] += np.bincount(flat, (shares[part] * x[:, axis : axis + 1]).ravel(), len(masses))
        square[part] = np.square(frame.reach * x).sum(axis=1) + x @ drift
    sites, lengths = potential.sites, np.square(frame.spread * potential.sites).sum(axis=1)
    moves = repair(sums / np.maximum(masses, 1e-300)[:, None], sites, potential.framed, masses / count, target.masses)
    means = sums[moves.source] / masses[moves.source, None]
    gained = (means * (sites[moves.target] - sites[moves.source])).sum(axis=1)
    inner = float((sums * sites).sum()) / count + float(moves.mass @ gained)
    value = float(square.mean() + target.masses @ lengths) - 2 * frame.unit * inner
    dual = square - 2 * frame.unit * scores[:, 0]
    primal = square + (shares * (lengths[rows] - 2 * frame.unit * (scores - potential.framed[rows]))).sum(axis=1)
    error = max(float(dual.std()), float(primal.std())) / math.sqrt(count)
    return float(np.square(frame.shift).sum()) + value + float(scipy.special.ndtri(LEVEL)) * error, count


def _points(potential: Brenier, seed: int, name: str, count: int):  # type: ignore[no-untyped-def]
    """Yield fresh source points in the frame by chunks, each with its own stream: the same at every pass."""
    for start in range(0, count, CHUNK):
        shape = (min(CHUNK, count - start), potential.target.dim)
        uniform = numpy_stream(seed, f"{name}-{start}").uniform(np.finfo(np.float64).tiny, 1.0, shape)
        yield start, potential.frame.inward(potential.source.from_uniform(uniform))


def _leaders(
    potential: Brenier, seed: int, name: str, count: int, *, processes: Processes, device: torch.device
) -> tuple[Float64[np.ndarray, "m k"], Int64[np.ndarray, "m k"]]:
    k = min(NEAR, len(potential.sites))
    scores, rows = np.zeros((count, k)), np.zeros((count, k), np.int64)
    y, h = (torch.from_numpy(array).to(device) for array in (potential.sites, potential.framed))
    single = [tensor.to(torch.float32) for tensor in (y, h)]
    for index, (start, x) in enumerate(_points(potential, seed, name, count)):
        if index % processes.size == processes.rank:
            part = torch.from_numpy(x).to(device)
            # Any candidates make a plan, so float32 may find them; their scores are float64.
            where = leaders(part.to(torch.float32), single[0], single[1], k, potential.memory)[1]
            best, order = ((part[:, None] * y[where]).sum(dim=2) + h[where]).sort(dim=1, descending=True)
            span = slice(start, start + len(x))
            scores[span], rows[span] = best.cpu().numpy(), where.gather(1, order).cpu().numpy()
    scores, rows = (processes.total(torch.from_numpy(array)).numpy() for array in (scores, rows))
    return scores, rows


def _shares(
    scores: Float64[np.ndarray, "m k"], rows: Int64[np.ndarray, "m k"], wanted: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "m k"]:
    """Return each sample's shares of its candidates: rows sum to 1, columns nearly to m ν."""
    if scores.shape[1] == 1:
        return np.ones_like(scores)
    gap = float(np.median(scores[:, 0] - scores[:, 1])) or 1.0
    raised, shift = scores - scores[:, :1], np.zeros(len(wanted))
    shares = raised
    for temperature in gap * np.geomspace(*BLUR, SWEEPS):
        shares = raised + shift[rows]
        shares -= shares.max(axis=1, keepdims=True)
        shares /= temperature
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=1, keepdims=True)
        held = np.bincount(rows.ravel(), shares.ravel(), len(wanted)) / len(rows)
        shift += temperature * np.log(wanted / np.maximum(held, 1e-3 * wanted))
    return shares
