"""Cells of a semi-discrete plan: the target of each source point, computed by tiles."""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor

CPU = torch.device("cpu")
TILE = 1024
STRIPS = 16
MEMORY = 2**26
"""Default size of a tile of scores, in bytes."""


def assign(
    points: Float[Tensor, "m d"], sites: Float[Tensor, "n d"], dual_potential: Float[Tensor, " n"], memory: int = MEMORY
) -> tuple[Float[Tensor, " m"], Int64[Tensor, " m"]]:
    """Return max_i (⟨x, y_i⟩ + h_i) [m] and the first i that attains it [m], by tiles of targets and of points.

    A tile's scores take at most ``memory`` bytes, and never more than suits the processor's cache.
    """
    best, owner = [], []
    columns = min(len(sites), TILE)
    rows = max(1, min(2 * TILE, memory // (columns * points.element_size())))
    for part in points.split(rows):
        value = torch.full((len(part),), -math.inf, dtype=points.dtype, device=points.device)
        index = torch.zeros(len(part), dtype=torch.int64, device=points.device)
        for start in range(0, len(sites), columns):
            stop = start + columns
            scores = torch.addmm(dual_potential[start:stop], part, sites[start:stop].T)
            where = _argmax(scores)
            top = scores.gather(1, where[:, None])[:, 0]
            better = top > value
            value = torch.where(better, top, value)
            index = torch.where(better, where + start, index)
        best.append(value)
        owner.append(index)
    return torch.cat(best), torch.cat(owner)


def best_cells(
    points: Float[Tensor, "m d"], sites: Float[Tensor, "n d"], dual_potential: Float[Tensor, " n"], memory: int = MEMORY
) -> tuple[Float[Tensor, " m"], Int64[Tensor, " m"]]:
    """Return what `assign` returns in float64, but search in float32 where its error bound leaves no doubt.

    A float32 score errs by at most (d + 4) 2⁻²⁴ (|x| |y| + |h|); points whose best two scores differ by less than twice that are
    assigned in float64. Source of the bound: Higham 2002, Accuracy and Stability, §3.1.
    """
    if len(sites) < 2 * STRIPS or torch.get_float32_matmul_precision() != "highest":
        return assign(points, sites, dual_potential, memory)
    single = [tensor.to(torch.float32) for tensor in (points, sites, dual_potential)]
    values, index = leaders(single[0], single[1], single[2], 2, memory)
    reach = points.norm(dim=1) * sites.norm(dim=1).max() + dual_potential.abs().max()
    error = (points.shape[1] + 4) * 2.0**-24 * reach
    owner = index[:, 0].contiguous()
    doubtful = ~((values[:, 0] - values[:, 1]).to(torch.float64) > 2 * error)
    if bool(doubtful.any()):
        owner[doubtful] = assign(points[doubtful], sites, dual_potential, memory)[1]
    return (points * sites[owner]).sum(dim=1) + dual_potential[owner], owner


def _argmax(scores: Float[Tensor, "m n"]) -> Int64[Tensor, " m"]:
    # On a CPU NumPy's argmax is vectorised where PyTorch's is not: 5 to 12 times faster.
    return torch.from_numpy(scores.numpy().argmax(axis=1)) if scores.device.type == "cpu" else scores.argmax(dim=1)


def leaders(
    points: Float[Tensor, "m d"],
    sites: Float[Tensor, "n d"],
    dual_potential: Float[Tensor, " n"],
    k: int,
    memory: int = MEMORY,
) -> tuple[Float[Tensor, "m k"], Int64[Tensor, "m k"]]:
    """Return the k largest ⟨x, y_i⟩ + h_i and their i, best first; k ≤ n."""
    strips = STRIPS if len(sites) >= STRIPS * k * k else 1
    padding = -len(sites) % strips
    sites = torch.nn.functional.pad(sites, (0, 0, 0, padding))
    dual_potential = torch.nn.functional.pad(dual_potential, (0, padding), value=-math.inf)
    rows = max(1, memory // (2 * len(sites) * points.element_size()))
    values = points.new_empty(len(points), k)
    indices = torch.empty(len(points), k, dtype=torch.int64, device=points.device)
    # One tile for all: reallocating it per step would fragment memory between the small results, by gigabytes in the end.
    tile = points.new_empty(min(rows, len(points)), len(sites))
    for start in range(0, len(points), rows):
        part = points[start : start + rows]
        scores = torch.addmm(dual_potential, part, sites.T, out=tile[: len(part)])
        values[start : start + rows], indices[start : start + rows] = _topk(scores, k, strips)
    return values, indices


def _topk(scores: Float[Tensor, "m n"], k: int, strips: int) -> tuple[Float[Tensor, "m k"], Int64[Tensor, "m k"]]:
    """Return the k largest of each row: they lie in the k columns of ``strips`` strips whose maxima are largest.

    A maximum over strips is vectorised where a selection is not: several times faster than selecting from all.
    """
    if strips == 1:
        return scores.topk(k, dim=1)
    folded = scores.view(len(scores), strips, -1)
    columns = folded.amax(dim=1).topk(k, dim=1).indices
    found = folded.gather(2, columns[:, None, :].expand(-1, strips, -1)).flatten(1).topk(k, dim=1)
    return found.values, columns.gather(1, found.indices % k) + found.indices // k * folded.shape[2]
