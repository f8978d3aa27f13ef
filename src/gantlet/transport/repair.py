"""Local repair: the excess mass of overfull cells moves to nearby cells short of mass, at near-minimal cost."""

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
    dual_potential: Float64[np.ndarray, " n"],
    masses: Float64[np.ndarray, " n"],
    target_masses: Float64[np.ndarray, " n"],
) -> Moves:
    """Return moves that turn the cell masses ``masses`` into ``target_masses`` (both sum to 1).

    Mass of cell i, whose points have mean m_i, moves where the regret max_j(⟨m_i, y_j⟩ + h_j) − (⟨m_i, y_j⟩ + h_j) is
    least: greedily, over the 8 best cells still short of mass at a time, until no cell is. Any such plan is feasible; with the
    exact h the regrets of an optimal plan are 0.
    """
    surplus, deficit = np.maximum(masses - target_masses, 0.0), np.maximum(target_masses - masses, 0.0)
    moves: list[tuple[Int64[np.ndarray, " k"], Int64[np.ndarray, " k"], Float64[np.ndarray, " k"]]] = []
    while min(surplus.sum(), deficit.sum()) > DUST:
        donors, receivers = np.flatnonzero(surplus > 0), np.flatnonzero(deficit > 0)
        k = min(CANDIDATES, len(receivers))
        origins, places, offsets = (
            torch.from_numpy(a) for a in (means[donors], sites[receivers], dual_potential[receivers])
        )
        scores, nearest = leaders(origins, places, offsets, k)
        own = np.einsum("kd,kd->k", means[donors], sites[donors]) + dual_potential[donors]
        regret = (own[:, None] - scores.numpy()).ravel()
        pairs = np.repeat(donors, k), receivers[nearest.numpy().ravel()]
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
