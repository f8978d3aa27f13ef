"""Variety inside a mode: do its fakes lie closer to each other than as many real images of it do?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from gantlet.evaluation.stats.neighbours import neighbours
from gantlet.evaluation.stats.ranks import higher_ranks

LEAST = 10
"""The fewest images per side of which anything is said."""
MOST = 1000


@dataclass(frozen=True)
class Variety:
    """``ratio``: median nearest-neighbour distance among the fakes of a mode over that among as many real images of it;
    ``p_value``: of the fakes lying so close to each other by chance.
    """

    ratio: float
    p_value: float


def variety(
    real: Float32[np.ndarray, "n d"],
    fake: Float32[np.ndarray, "m d"],
    rng: np.random.Generator,
    within: tuple[Int64[np.ndarray, " a"], Int64[np.ndarray, " b"]] | None = None,
) -> Variety | None:
    """Compare the nearest-neighbour distances inside min(n, m, 1000) random rows of each side; None below 10 rows.

    ``within``: the rows of both sides that are looked at; None: all.

    One-sided Mann-Whitney test with the normal approximation and ties; its variance is doubled, because two rows may be
    each other's nearest and then share one distance, which is cautious. Real rows that are all equal give ratio 1.
    Source: Mann & Whitney 1947, "On a test of whether one of two random variables is stochastically larger".
    """
    from scipy.special import ndtr

    chosen = within or (np.arange(len(real)), np.arange(len(fake)))
    size = min(len(chosen[0]), len(chosen[1]), MOST)
    if size < LEAST:
        return None
    rows = [side[np.sort(rng.permutation(len(side))[:size])] for side in chosen]
    facts = neighbours(real[rows[0]], fake[rows[1]], k=1)
    inside = facts.real.distances[:, 0], facts.fake.distances[:, 0]
    medians = [float(np.median(distances)) for distances in inside]
    ratio = medians[1] / medians[0] if medians[0] > 0 else 1.0
    return Variety(ratio, float(ndtr(higher_ranks(*inside, inflated=2.0))))
