"""The Fréchet distance without its small-sample bias, which is measured where the distance is known to be zero."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import Spread, frechet_distance, influence, transport_interval
from gantlet.evaluation.stats.gaussian import PLAIN, contrast
from gantlet.evaluation.stats.moments import Moments, trace_root

HALVES = ((0, 2), (1, 3))
Part = tuple[tuple[int, ...], tuple[int, ...]]
"""Some quarters of the real and some of the fake rows."""
Sides = tuple[Moments, Moments]
WHOLE: tuple[tuple[Part, Part], ...] = tuple(
    ((a, a), (b, b)) for a, b in (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))
)
"""Pairs of mixtures of n rows whose distance is 0."""
HALF: tuple[tuple[Part, Part], ...] = tuple(
    (((i,), (j,)), ((k,), (l,))) for i, j, k, l in ((0, 0, 1, 1), (0, 1, 1, 0), (2, 2, 3, 3), (2, 3, 3, 2))
)
"""Pairs of mixtures of n/2 rows; with these the noise is least (twice that of the plain distance for n far above d)."""


@dataclass(frozen=True)
class Debiased:
    """``value``: the distance without its bias; ``first``: before the step from n/2 to n; ``plain``: with its bias.

    ``kept``, ``kept_half``: the share of tr S that tr (S_A S_B)^½ comes to where S_A and S_B estimate one S, at n and at n/2.
    """

    value: float
    first: float
    plain: float
    kept: float
    kept_half: float

    @property
    def spread(self) -> Spread:
        """Return the contrasts whose noise is that of the value near the null."""
        whole = PLAIN - _mean_contrast([(_places(a), _places(b)) for a, b in WHOLE])
        half = _mean_contrast([(list(h), [q + 4 for q in h]) for h in HALVES])
        half -= _mean_contrast([(_places(a), _places(b)) for a, b in HALF])
        return Spread(2 / self.kept * whole - half / self.kept_half, debiased=True)


def debiased(real: list[Moments], fake: list[Moments]) -> Debiased:
    """Return the distance without its bias, from moments of four disjoint quarters per side.

    FD = |m_r − m_g|² + tr S_r + tr S_g − 2N, N = tr (S_r S_g)^½. The traces are unbiased, |m̂_r − m̂_g|² − tr Ŝ_r/n_r − tr Ŝ_g/n_g
    is, too. N̂ is too small. By how much is seen where N is known: of mixtures A, B of one half of the real and one half of
    the fake rows each, S_A = S_B = S, N = tr S and N̂ = ρ tr S. So N̂/ρ has no bias at the null nor for fakes that are
    scaled real ones. What is left further away goes with 1/n to first order: N = 2(N̂/ρ)(n) − (N̂/ρ)(n/2).

    The mixtures are of covariances, ½ (S_r + a² S_g) with a² = tr S_r / tr S_g; their noise is 1/n_r + 1/n_g to first order, whatever
    the sizes.

    Args: real, fake: four Moments each. Returns: squared feature units, may be negative near the null.
    Raises: TooFewSamples (a quarter of fewer than 2 rows, or fewer than 8 rows per side).
    """
    fewest = [min(part.n for part in side) for side in (real, fake)]
    if min(fewest) < 2:
        counts = [sum(part.n for part in side) for side in (real, fake)]
        raise TooFewSamples(
            f"quarters need 2 samples, 8 per side and more; got real={counts[0]}, fake={counts[1]}. Give more images"
        )
    r, f = (_merged(side, range(4)) for side in (real, fake))
    scale = r.total_variance / f.total_variance if f.total_variance > 0 else 1.0
    halves = [(_merged(real, half), _merged(fake, half)) for half in HALVES]
    kept, kept_half = _kept(real, fake, [(r, f)], halves, scale)
    root, root_half = trace_root(r, f), float(np.mean([trace_root(*pair) for pair in halves]))
    plain = frechet_distance(r, f)
    unbiased = plain + 2 * root - r.total_variance / r.n - f.total_variance / f.n
    first, half = root / kept, root_half / kept_half
    return Debiased(unbiased - 2 * (2 * first - half), unbiased - 2 * first, plain, kept, kept_half)


def _merged(side: list[Moments], quarters: Iterable[int]) -> Moments:
    return reduce(Moments.merge, [side[q] for q in quarters])


def _mixture(real: Moments, fake: Moments, scale: float) -> Moments:
    """Return moments with the covariance ½ (S_r + scale · S_g), each side about its own mean."""
    n = real.n + fake.n
    weights = [0.5 * (n - 1) / (real.n - 1), 0.5 * scale * (n - 1) / (fake.n - 1)]
    rows = None
    if n < len(real.mean) and real.centred is not None and fake.centred is not None:
        rows = np.concatenate([weights[0] ** 0.5 * real.centred, weights[1] ** 0.5 * fake.centred])
    return Moments(n, np.zeros_like(real.mean), weights[0] * real.m2 + weights[1] * fake.m2, rows)


def _kept(
    real: list[Moments], fake: list[Moments], whole: list[Sides], halves: list[Sides], scale: float
) -> tuple[float, float]:
    """Return the shares ρ at n and at n/2.

    A mixture has one degree of freedom less than the covariance that it stands for; the share 1 − ρ goes with the noise as it
    does from n to n/2.
    """
    measured = [_lost(real, fake, pairs, scale) for pairs in (WHOLE, HALF)]
    power = float(np.log2(measured[1][0] / measured[0][0])) if measured[0][0] > 0 else 1.0
    kept = [
        1 - lost * (_noise(sides) / noise) ** power
        for (lost, noise), sides in zip(measured, (whole, halves), strict=True)
    ]
    return kept[0], kept[1]


def _lost(
    real: list[Moments], fake: list[Moments], pairs: tuple[tuple[Part, Part], ...], scale: float
) -> tuple[float, float]:
    """Return the mean share of tr S that tr (S_A S_B)^½ lacks, and the mean noise of the two covariances."""
    lost, noise = [], []
    for pair in pairs:
        sides = [(_merged(real, part[0]), _merged(fake, part[1])) for part in pair]
        a, b = (_mixture(*side, scale) for side in sides)
        size = a.total_variance + b.total_variance
        lost.append(1 - 2 * trace_root(a, b) / size if size > 0 else 0.0)
        noise.append(_noise(sides) / 2)
    return float(np.mean(lost)), float(np.mean(noise))


def _noise(sides: list[Sides]) -> float:
    """Return the mean of 1/(n_r − 1) + 1/(n_g − 1); in a mixture each side counts half, its variance a quarter."""
    return float(np.mean([1 / (real.n - 1) + 1 / (fake.n - 1) for real, fake in sides]))


def _places(part: Part) -> list[int]:
    return [*part[0], *(q + 4 for q in part[1])]


def _mean_contrast(pairs: list[tuple[list[int], list[int]]]) -> Float64[np.ndarray, "8 8"]:
    contrasts: list[Float64[np.ndarray, "8 8"]] = [contrast(plus, minus) for plus, minus in pairs]
    return np.mean(contrasts, axis=0)


@METRICS.register(
    "frechet_distance_debiased",
    source="Chong & Forsyth 2020, arXiv:1911.07023",
    needs=("moments",),
    unit="squared feature units",
    lower_is_better=True,
    beyond="copies of real images do that",
    misled="it sees means and covariances only",
    version=3,
    influence=influence,
    estimand="fresh draws of both sides as n grows: the distance of the populations",
)
def estimate(evidence: Evidence) -> Measurement:
    """Fréchet distance of the populations.

    Source: this.
    """
    result = debiased(*evidence.quarters)
    low, high, kind, details, notes = transport_interval(evidence, result.value, result.spread)
    left = (1 - result.kept) * max(result.value, 0.0)
    details |= {"plain": result.plain, "lost": 1 - result.kept, "first": result.first, "bias_left": left, "raw": (low, high)}
    if low is not None and high is not None:
        low, high = low - left, high + left
    return Measurement(result.value, (kind, low, high), evidence.rows, details=details, notes=notes)
