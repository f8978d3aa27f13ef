"""The Fréchet distance without its small-sample bias, which is measured on mixtures whose distance is zero."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.stats.gaussian import PLAIN, contrast
from gantlet.evaluation.stats.moments import Moments, trace_root

Part = tuple[int, ...]
"""Quarters: 0 to 3 are the real ones, 4 to 7 the fake ones."""
Pair = tuple[Part, Part]
HALVES: tuple[Pair, ...] = (((0, 2), (4, 6)), ((1, 3), (5, 7)))
"""Real against fake, n/2 rows each."""
WHOLE: tuple[Pair, ...] = (((0, 1, 4, 5), (2, 3, 6, 7)), ((0, 2, 4, 6), (1, 3, 5, 7)), ((0, 3, 4, 7), (1, 2, 5, 6)))
"""Mixtures of n rows whose distance is 0."""
HALF: tuple[Pair, ...] = (((0, 4), (1, 5)), ((0, 5), (1, 4)), ((2, 6), (3, 7)), ((2, 7), (3, 6)))
"""Mixtures of n/2 rows; of the choices of four pairs one with the least noise."""
ALIKE = 0.05
"""|n_r − n_g| / (n_r + n_g) up to which sizes count as alike: a statistics file's quarters vary by chance."""


@dataclass(frozen=True)
class Debiased:
    """``first``: the distance after division by ρ; ``step``: what the extrapolation from n/2 to n adds; ``plain``: with its bias.

    ``kept``, ``kept_half``: the share of tr S that tr (S_A S_B)^½ comes to where S_A and S_B estimate one S, at n and at n/2.
    """

    first: float
    step: float
    plain: float
    kept: float
    kept_half: float
    total: float
    """tr S_r + tr S_g."""
    apart: float
    """|n_r − n_g| / (n_r + n_g)."""

    @property
    def stepped(self) -> bool:
        """Return whether the step is taken: where the sizes are alike, as it would enlarge the bias of unequal ones."""
        return self.apart <= ALIKE

    @property
    def value(self) -> float:
        """Return the distance without its bias."""
        return self.first + self.step if self.stepped else self.first

    @property
    def unequal(self) -> float:
        """Return the bound on the bias of unequal sizes: 8 (1 − ρ)² (tr S_r + tr S_g) (n_r − n_g)²/(n_r + n_g)², 8 as measured."""
        return 8 * ((1 - self.kept) * self.apart) ** 2 * self.total

    @property
    def bias_left(self) -> float:
        """Return the bound on the bias that is left: 3/2 (1 − ρ) of the distance, as measured, and that of unequal sizes."""
        return 1.5 * (1 - self.kept) * max(self.value, 0.0) + self.unequal

    @property
    def bias(self) -> float:
        """Return the bias of the covariance part of the plain distance at the null."""
        return (1 - self.kept) * self.total

    @property
    def contrasts(self) -> Float64[np.ndarray, "8 8"]:
        """Return the contrast over quarters (`contrast`) whose noise is that of the covariance part of the value near the null.

        That of the step is larger than to second order, by about 2 − ρ(n/2) (measured).
        """
        whole, half = PLAIN - _mean_contrast(WHOLE), _mean_contrast(HALVES) - _mean_contrast(HALF)
        if not self.stepped:
            return whole / self.kept
        return (2 - self.kept_half) * (2 / self.kept * whole - half / self.kept_half)


def debiased(real: list[Moments], fake: list[Moments]) -> Debiased:
    """Return the distance without its bias, from moments of four disjoint quarters per side.

    FD = |m_r − m_g|² + tr S_r + tr S_g − 2N, N = tr (S_r S_g)^½. The traces have no bias, |m̂_r − m̂_g|² − tr Ŝ_r/n_r − tr Ŝ_g/n_g
    has none. N̂ is too small. By how much is seen where N is known: A and B, each of one half of the real and one half of the
    fake rows, have one covariance S, so N = tr S, of which N̂ finds the share ρ. N̂/ρ has no bias at the null, nor for fakes that
    are scaled real ones. What bias it has elsewhere goes with 1/n to first order: N = 2(N̂/ρ)(n) − (N̂/ρ)(n/2).

    A mixture's covariance is ½ (S_r + a² S_g), a² = tr S_r / tr S_g; the noise of A and B together is that of real and fake,
    1/n_r + 1/n_g. Where one side has more of it than the other, N̂ loses more than they show (`Debiased.unequal`).

    Args: real, fake: four Moments each. Returns: squared feature units, may be negative near the null.
    Raises: TooFewSamples (a quarter of fewer than 2 rows), ShapeError, NonFiniteError.
    """
    if min(part.n for part in real + fake) < 2:
        counts = [sum(part.n for part in side) for side in (real, fake)]
        raise TooFewSamples(
            f"quarters need 2 samples, 8 per side; got real={counts[0]}, fake={counts[1]}. Give more images"
        )
    quarters = [*real, *fake]
    r, f = _merged(real), _merged(fake)
    shift, sizes, root = r.mean - f.mean, (r.total_variance, f.total_variance), trace_root(r, f)
    noise, apart = 1 / (r.n - 1) + 1 / (f.n - 1), abs(r.n - f.n) / (r.n + f.n)
    means = sizes[0] / r.n + sizes[1] / f.n
    del r, f  # d × d each; the mixtures take their place
    kept, kept_half = _kept(quarters, noise, sizes[0] / sizes[1] if sizes[1] > 0 else 1.0)
    halves = [trace_root(*(_merged(quarters[q] for q in part) for part in pair)) for pair in HALVES]
    first, half = root / kept, float(np.mean(halves)) / kept_half
    total, square = sum(sizes), float(shift @ shift)
    return Debiased(
        square - means + total - 2 * first,
        2 * (half - first),
        max(0.0, square + total - 2 * root),
        kept,
        kept_half,
        total,
        apart,
    )


def _kept(quarters: list[Moments], noise: float, scale: float) -> tuple[float, float]:
    """Return the shares ρ at n and at n/2, for covariances of real and fake with this noise together at n.

    A mixture has one degree of freedom less than what it stands for; 1 − ρ grows with the noise as it does from n to n/2.
    """
    whole, half = (_lost(quarters, pairs, scale) for pairs in (WHOLE, HALF))
    power = float(np.clip(np.log2(half[0] / whole[0]), 0, 1)) if min(whole[0], half[0]) > 0 else 1.0
    halves = [sum(1 / (sum(quarters[q].n for q in part) - 1) for part in pair) for pair in HALVES]
    wanted = (noise, float(np.mean(halves)))
    kept = [1 - lost * (n / found) ** power for (lost, found), n in zip((whole, half), wanted, strict=True)]
    return kept[0], kept[1]


def _lost(quarters: list[Moments], pairs: tuple[Pair, ...], scale: float) -> tuple[float, float]:
    """Return the mean share of tr S that tr (S_A S_B)^½ lacks, and the mean noise of the two covariances."""
    lost, noise = [], []
    for pair in pairs:
        (a, at), (b, bt) = (_mixture(quarters, part, scale) for part in pair)
        size = a.total_variance + b.total_variance
        lost.append(1 - 2 * trace_root(a, b) / size if size > 0 else 0.0)
        noise.append(at + bt)
    return max(0.0, float(np.mean(lost))), float(np.mean(noise))


def _mixture(quarters: list[Moments], part: Part, scale: float) -> tuple[Moments, float]:
    """Return moments with the covariance ½ (S_r + scale · S_g), each side about its own mean, and its noise: each side's counts
    a quarter."""
    real, fake = (_merged(quarters[q] for q in part if q // 4 == side) for side in (0, 1))
    n = real.n + fake.n
    weights = [0.5 * (n - 1) / (real.n - 1), 0.5 * scale * (n - 1) / (fake.n - 1)]
    rows = None
    if n < len(real.mean) and real.centred is not None and fake.centred is not None:
        rows = np.concatenate([weights[0] ** 0.5 * real.centred, weights[1] ** 0.5 * fake.centred])
    m2 = real.m2 * weights[0]
    m2 += fake.m2 * weights[1]
    return Moments(n, np.zeros_like(real.mean), m2, rows), (1 / (real.n - 1) + 1 / (fake.n - 1)) / 4


def _merged(quarters: Iterable[Moments]) -> Moments:
    return reduce(Moments.merge, quarters)


def _mean_contrast(pairs: tuple[Pair, ...]) -> Float64[np.ndarray, "8 8"]:
    contrasts: Float64[np.ndarray, "8 8"] = np.mean([contrast(*pair) for pair in pairs], axis=0)
    return contrasts
