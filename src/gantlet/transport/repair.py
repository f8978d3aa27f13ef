"""Local repair: the excess mass of full cells moves to nearby cells that want for mass, at a cost near the least."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64

from gantlet.transport.cells import leaders

CANDIDATES = 8
DUST = 1e-13


@dataclass(frozen=True, eq=False)
class Moves:
    """``mass`` [k] moves from cell ``source`` [k] to cell ``target`` [k]."""

    source: Int64[np.ndarray, " k"]
    target: Int64[np.ndarray, " k"]
    mass: Float64[np.ndarray, " k"]


def repair(
    means: Float64[np.ndarray, "n d"],
    sites: Float64[np.ndarray, "n d"],
    heights: Float64[np.ndarray, " n"],
    found: Float64[np.ndarray, " n"],
    wanted: Float64[np.ndarray, " n"],
) -> Moves:
    """Return moves after which cell masses ``found`` are the ones ``wanted`` (both sum to 1).

    Mass of cell i, its points at ``means``, moves where the regret max_j(⟨m_i, y_j⟩ + h_j) − (⟨m_i, y_j⟩ + h_j) is
    least: greedily, the 8 best cells that still want mass at a time, until none does. Any such plan is feasible; with the
    exact h the regrets of an optimal plan are 0.
    """
    surplus, deficit = np.maximum(found - wanted, 0.0), np.maximum(wanted - found, 0.0)
    moves: list[tuple[Int64[np.ndarray, " k"], Int64[np.ndarray, " k"], Float64[np.ndarray, " k"]]] = []
    while min(surplus.sum(), deficit.sum()) > DUST:
        givers, takers = np.flatnonzero(surplus > 0), np.flatnonzero(deficit > 0)
        k = min(CANDIDATES, len(takers))
        stand, lie, lift = (torch.from_numpy(a) for a in (means[givers], sites[takers], heights[takers]))
        scores, nearest = leaders(stand, lie, lift, k)
        own = np.einsum("kd,kd->k", means[givers], sites[givers]) + heights[givers]
        regret = (own[:, None] - scores.numpy()).ravel()
        pairs = np.repeat(givers, k), takers[nearest.numpy().ravel()]
        mass = _greedy(np.argsort(regret, kind="stable"), *pairs, surplus, deficit)
        used = mass > 0
        moves.append((pairs[0][used], pairs[1][used], mass[used]))
    if not moves:
        empty = np.zeros(0, np.int64)
        return Moves(empty, empty, np.zeros(0))
    return Moves(*(np.concatenate(column) for column in zip(*moves, strict=True)))


def _greedy(
    order: Int64[np.ndarray, " p"],
    source: Int64[np.ndarray, " p"],
    target: Int64[np.ndarray, " p"],
    surplus: Float64[np.ndarray, " n"],
    deficit: Float64[np.ndarray, " n"],
) -> Float64[np.ndarray, " p"]:
    """Return the mass moved along each pair, taken in ``order``; ``surplus`` and ``deficit`` shrink in place."""
    mass = np.zeros(len(order))
    left, room = surplus.tolist(), deficit.tolist()  # lists: a scalar at a time is several times faster
    for p, i, j in zip(order.tolist(), source[order].tolist(), target[order].tolist(), strict=True):
        moved = min(left[i], room[j])
        if moved > 0:
            mass[p] = moved
            left[i] -= moved
            room[j] -= moved
    surplus[:], deficit[:] = left, room
    return mass
