"""A plan: every failure planted once at each strength, as rows of one array of images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.rng import numpy_stream
from gantlet.evaluation.audit import FAILURES
from gantlet.evaluation.audit.pool import Pool

NULL_PAIRS = 12
"""Number of pairs of null sets (both real), from which a metric's own spread is estimated."""
Pair = tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]


@dataclass(frozen=True)
class Plan:
    """Row numbers into [the pool's images, ``extra``]: ``fakes`` by failure and strength, ``null_pairs`` of real sets."""

    pool: Pool
    extra: UInt8[np.ndarray, "m h w c"]
    fakes: dict[str, list[Int64[np.ndarray, " n"]]]
    null_pairs: list[Pair]

    def labels(self, labels: Int64[np.ndarray, " total"] | None) -> Int64[np.ndarray, " all"] | None:
        """Return the labels of all rows: a damaged image keeps the label of its original."""
        if labels is None:
            return None
        sets = len(self.extra) // self.pool.n
        return np.concatenate([labels, np.tile(labels[self.pool.fresh], sets)])


def plant(pool: Pool, names: Sequence[str], seed: int, null_pairs: int = NULL_PAIRS) -> Plan:
    """Plant the failures ``names`` (all: ``FAILURES.names()``) in a pool; equal seeds give equal plans.

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
    pairs = [np.split(chance.permutation(total)[: 2 * pool.n], 2) for _ in range(null_pairs)]
    return Plan(pool, np.concatenate(extra), fakes, [(a, b) for a, b in pairs])
