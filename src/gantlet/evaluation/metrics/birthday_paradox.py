"""The birthday paradox test: how often two fakes are near-duplicates, and the support size that follows."""

import numpy as np
import torch
from jaxtyping import Float32, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.numerics.distances import squared_distance_tiles, tile_side
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import poisson
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS

QUANTILE = 0.01
WIDE = 0.05
"""The quantile of the radius that shows whether a few rows have most of the pairs."""


def near_duplicates(
    features: Float32[np.ndarray, "n d"], radii: tuple[float, float], memory: int = 2 * 10**9
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Return for each row how many other rows lie within each of two radii (float32 products: error 1e-6 of |x|²)."""
    found = torch.zeros(2, len(features), dtype=torch.int64)
    centre = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    for i, j, tile in squared_distance_tiles(features, None, centre, tile_side(memory)):
        if i == j:
            tile.fill_diagonal_(torch.inf)
        for counts, radius in zip(found, radii, strict=True):
            near = tile <= radius**2
            counts[i : i + len(near)] += near.sum(dim=1)
            if i != j:
                counts[j : j + near.shape[1]] += near.sum(dim=0)
    return found[0].numpy(), found[1].numpy()


def collision_rate(counts: Int64[np.ndarray, " n"], wide: Int64[np.ndarray, " n"]) -> tuple[float, float]:
    """Return the share c of pairs that collide, and the number of independent pairs that they are worth.

    Variance of the U-statistic (Hoeffding): 4ζ/n + 2(c − c² − 2ζ)/(n(n − 1)), ζ the variance of a row's own rate. So few pairs do not
    show ζ: the larger of what they show and of c² times ζ/c² within a wider radius, whose counts are ``wide``.
    Expected support size: 1/c, for images drawn evenly from that many.
    Raises: TooFewSamples (n < 3). Source: Arora, Risteski & Zhang 2018, arXiv:1706.08224, Sec. 2; Hoeffding 1948.
    """
    n = len(counts)
    if n < 3:
        raise TooFewSamples(f"the birthday paradox test needs 3 fake samples; got {n}. Give more images")
    (rate, zeta), (wide_rate, wide_zeta) = _rate(counts), _rate(wide)
    pairs = n * (n - 1) / 2
    single = rate * (1 - rate) / pairs
    shared = max(zeta, rate**2 * wide_zeta / wide_rate**2 if wide_rate > 0 else 0.0)
    variance = max(single, single + 4 * shared / n)
    return rate, pairs * single / variance if variance > 0 else pairs


def _rate(counts: Int64[np.ndarray, " n"]) -> tuple[float, float]:
    """Return the share of pairs, and the variance of a row's own share less what chance adds to it."""
    n = len(counts)
    rate = float(counts.sum() / (n * (n - 1)))
    return rate, max(0.0, float((counts / (n - 1)).var(ddof=1)) - rate * (1 - rate) / (n - 1))


@METRICS.register(
    "birthday_paradox",
    source="Arora, Risteski & Zhang 2018, arXiv:1706.08224",
    needs=("features",),
    unit="share of pairs that are near-duplicates",
    lower_is_better=True,
    version=3,
    unpaired="a number of images until the first duplicates has no influence function",
)
def estimate(evidence: Evidence) -> Measurement:
    """Birthday paradox test: the chance that two fakes are near-duplicates; its inverse estimates the support size.

    c = share of pairs of fakes nearer than the radius within which only 1 % of the real images have another real image.
    ``details``: ``support_size`` 1/c (null where no pair collides) with its lower bound, ``real`` the same share among
    the real images, and the radius. By the birthday paradox √(1/c) images show a pair with chance about 40 %.

    Interval: mid-P for a Poisson number of pairs (as many independent ones as give the U-statistic its own variance) within
    a radius that is itself where the real images reach their number of pairs: negative binomial. There are few such pairs (2 at
    n = 300, 15 at 3,000), so it is wide; how unevenly rows share them is seen within a wider radius (the 5 %
    quantile). Exact duplicates (radius 0) do not vary; the number of pairs alone does.

    When it lies: the authors ask people about the pairs; a radius in feature space stands in for them here and depends
    on the number of real images. The support size assumes equal chances: a few favourite images make it small.

    Source: Arora, Risteski & Zhang 2018, arXiv:1706.08224, Sec. 2.
    """
    own = evidence.neighbours.real.distances[:, 0]
    radius, wide = (float(np.quantile(own, share, method="lower")) for share in (QUANTILE, WIDE))
    sides = (near_duplicates(side.features, (radius, wide), evidence.memory) for side in (evidence.fake, evidence.real))
    (rate, pairs), (real, real_pairs) = (collision_rate(*counts) for counts in sides)
    within = -(-int((own <= radius).sum()) // 2)
    reached = within * real_pairs / (len(own) * (len(own) - 1) / 2) if radius > 0 else np.inf
    low, high = poisson(rate * pairs, evidence.level, reached)
    low, high = low / pairs, min(1.0, high / pairs)
    details = {
        "support_size": 1 / rate if rate > 0 else None,
        "support_size_low": 1 / high,
        "real": real,
        "radius": radius,
    }
    return Measurement(rate, ("poisson", low, high), evidence.rows, details=details)
