"""A plan: every failure planted once at each strength, as rows of one array of images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.rng import numpy_stream
from gantlet.evaluation.audit import FAILURES
from gantlet.evaluation.audit.pool import Pool

HONEST = 12
"""Pairs of honest sets that show a metric's own spread."""
Pair = tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]


@dataclass(frozen=True)
class Plan:
    """Row numbers into [the pool's images, ``extra``]: ``fakes`` by failure and strength, ``honest`` pairs of sets."""

    pool: Pool
    extra: UInt8[np.ndarray, "m h w c"]
    fakes: dict[str, list[Int64[np.ndarray, " n"]]]
    honest: list[Pair]

    def labels(self, labels: Int64[np.ndarray, " total"] | None) -> Int64[np.ndarray, " all"] | None:
        """Return the labels of all rows: a damaged image keeps the label of the one it was made from."""
        if labels is None:
            return None
        sets = len(self.extra) // self.pool.n
        return np.concatenate([labels, np.tile(labels[self.pool.fresh], sets)])


def plant(pool: Pool, names: Sequence[str], seed: int, honest: int = HONEST) -> Plan:
    """Plant the failures named (all: ``FAILURES.names()``) in a pool; equal seeds give equal plans.

    Raises UnknownName.
    """
    total, extra = len(pool.pixels), [pool.pixels[:0]]
    fakes: dict[str, list[np.ndarray]] = {}
    for entry in [FAILURES.entry(name) for name in names]:
        chance = numpy_stream(seed, f"failure {entry.name}")
        fakes[entry.name] = []
        for strength in entry.meta.strengths:
            planted = entry.object(pool, strength, chance)
            if planted.ndim == 4:
                extra.append(planted)
                planted = total + (len(extra) - 2) * pool.n + np.arange(pool.n)
            fakes[entry.name].append(planted)
    chance = numpy_stream(seed, "honest")
    pairs = [np.split(chance.permutation(total)[: 2 * pool.n], 2) for _ in range(honest)]
    return Plan(pool, np.concatenate(extra), fakes, [(a, b) for a, b in pairs])
