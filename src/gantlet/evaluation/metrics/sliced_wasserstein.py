"""The sliced 2-Wasserstein distance: the mean of one-dimensional transport costs over random directions."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.numerics.distances import row_chunks
from gantlet.core.results.estimate import Interval
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import SquaredDistance, permutation_p_value
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import GOOD

DIRECTIONS = 128
CAP = 10_000
DRAWS = 199
FEW = 32
"""Directions of the permutation test and of the bootstrap."""


@dataclass(frozen=True, eq=False)
class Steps:
    """The common refinement of the quantile steps of n and m equal weights: ``weight`` [s] and which row of each."""

    weight: Float64[np.ndarray, " s"]
    real: Int64[np.ndarray, " s"]
    fake: Int64[np.ndarray, " s"]

    @classmethod
    def of(cls, n: int, m: int) -> "Steps":
        """Return the n + m − gcd(n, m) steps; exact, as the levels are compared as integers i·m and j·n."""
        levels = np.unique(np.concatenate([np.arange(1, n + 1) * m, np.arange(1, m + 1) * n]))
        weight = np.diff(levels, prepend=0) / (n * m)
        return cls(weight, (levels - 1) // m, (levels - 1) // n)


def projected(rows: Float32[np.ndarray, "n d"], directions: Float64[np.ndarray, "d k"]) -> Float64[np.ndarray, "k n"]:
    """Return the rows along each direction; few of them are held in float64 at once."""
    parts = [rows[part].astype(np.float64) @ directions for part in row_chunks(len(rows), 1024)]
    return np.concatenate([np.zeros((0, directions.shape[1])), *parts]).T


def sliced_costs(
    real: Float64[np.ndarray, "k n"], fake: Float64[np.ndarray, "k m"], steps: Steps
) -> Float64[np.ndarray, " k"]:
    """Return the squared 2-Wasserstein distance of each of k pairs of sorted samples on a line."""
    return np.square(real[:, steps.real] - fake[:, steps.fake]) @ steps.weight


def sliced_wasserstein(
    real: Float32[np.ndarray, "n d"], fake: Float32[np.ndarray, "m d"], directions: Float64[np.ndarray, "d k"]
) -> float:
    """Return SW₂ = (mean_θ W₂²(θ·real, θ·fake))^½ over unit ``directions``, in feature units, ≥ 0.

    Raises: TooFewSamples (an empty side). Source: Bonneel et al. 2015, J. Math. Imaging Vis. 51, Def. 3.
    """
    if min(len(real), len(fake)) < 1:
        raise TooFewSamples(f"sliced transport needs 1 sample per side; got real={len(real)}, fake={len(fake)}")
    sides = [np.sort(projected(side, directions), axis=1) for side in (real, fake)]
    return float(np.sqrt(sliced_costs(sides[0], sides[1], Steps.of(len(real), len(fake))).mean()))


def sliced_potential(own: Float64[np.ndarray, "k n"], other: Float64[np.ndarray, "k m"]) -> Float64[np.ndarray, " n"]:
    """Return the Kantorovich potential of W₂², averaged over k directions, at each of the n rows of ``own``; mean 0.

    On a line φ'(x) = 2(x − T(x)), T the monotone map: φ is its trapezoidal sum over the sorted rows.
    """
    k, n = own.shape
    m = other.shape[1]
    order = np.argsort(own, axis=1, kind="stable")
    x, y = np.take_along_axis(own, order, 1), np.sort(other, axis=1)
    steps = Steps.of(n, m)
    starts = np.flatnonzero(np.diff(steps.real, prepend=-1))
    target = np.add.reduceat(y[:, steps.fake] * steps.weight, starts, axis=1) * n
    slope = 2 * (x - target)
    rises = np.diff(x, axis=1) * (slope[:, 1:] + slope[:, :-1]) / 2
    phi = np.concatenate([np.zeros((k, 1)), np.cumsum(rises, axis=1)], axis=1)
    mean = np.zeros(n)
    for row, where in zip(phi - phi.mean(axis=1, keepdims=True), order, strict=True):
        mean[where] += row
    return mean / k


def redrawn(
    pooled: Float64[np.ndarray, "k p"], n: int, rng: np.random.Generator, *, replace: bool, draws: int = DRAWS
) -> Float64[np.ndarray, "r k"]:
    """Return the squared distances along each line of two samples of n and p − n rows from the pooled projections.

    Without replacement they are random splits, which test the null; with it they are draws of both sides from the pooled
    population, whose spread holds that of the rows' own tails too (Efron & Tibshirani 1993, Ch. 16).
    """
    k, total = pooled.shape
    order = np.argsort(pooled, axis=1, kind="stable")
    ordered = np.take_along_axis(pooled, order, 1)
    steps, out = Steps.of(n, total - n), np.empty((draws, k))
    even = np.full(total, 1 / total)
    for r in range(draws):
        left, right = (rng.multinomial(m, even) for m in (n, total - n)) if replace else _split(total, n, rng)
        sides = [ordered.ravel().repeat(times[order].ravel()).reshape(k, -1) for times in (left, right)]
        out[r] = sliced_costs(sides[0], sides[1], steps)
    return out


def _split(total: int, n: int, rng: np.random.Generator) -> tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"]]:
    """Return how often each row is on the left and on the right of a random split: once or never."""
    left = np.zeros(total, dtype=np.int64)
    left[rng.permutation(total)[:n]] = 1
    return left, 1 - left


def null_variance(null: Float64[np.ndarray, "r k"], directions: int) -> float:
    """Return the variance of the mean over more ``directions`` than the k whose distances at the null are known.

    A + (v − A)/directions, v the mean variance along one line and A the mean covariance of two.
    """
    k = null.shape[1]
    one, mean = float(null.var(axis=0).mean()), float(null.mean(axis=1).var())
    two = max(0.0, (k * mean - one) / (k - 1))
    return two + (one - two) / directions


def skewness(null: Float64[np.ndarray, "r k"]) -> float:
    """Return the skewness of the mean over the lines at the null; 0 where it does not vary."""
    mean = null.mean(axis=1)
    spread = float(mean.std())
    return float(((mean - mean.mean()) ** 3).mean()) / spread**3 if spread > 0 else 0.0


def along_lines(evidence: Evidence) -> list[Float64[np.ndarray, "k n"]]:
    """Return at most 10,000 real and fake rows along 128 random lines, which the seed alone decides."""
    banks = evidence.sample(CAP)[:2]
    directions = numpy_stream(evidence.seed, "directions").standard_normal((evidence.real.dim, DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    return [projected(bank.features, directions) for bank in banks]


def influence(evidence: Evidence) -> Influence:
    """Return the mean potential over the lines at every row, over 2·SW₂: the influence of the root, given the lines."""
    sides = along_lines(evidence)
    ordered = [np.sort(side, axis=1) for side in sides]
    squared = float(sliced_costs(ordered[0], ordered[1], Steps.of(sides[0].shape[1], sides[1].shape[1])).mean())
    scale = 1 / (2 * squared**0.5) if squared > 0 else 0.0
    return Influence(*(scale * sliced_potential(*pair) for pair in (sides, sides[::-1])))


@METRICS.register(
    "sliced_wasserstein",
    source="Bonneel et al. 2015, J. Math. Imaging Vis. 51; Rabin et al. 2011",
    needs=("features",),
    unit="feature units",
    lower_is_better=True,
    beyond="copies of real images do that",
    version=4,
    influence=influence,
    estimand="fresh draws of both sides at this n and of the directions",
)
def estimate(evidence: Evidence) -> Measurement:
    """Sliced 2-Wasserstein distance: transport cost along random lines, which needs no Gaussian assumption.

    SW₂ = (mean over θ of W₂²(θ·real, θ·fake))^½ over 128 random unit directions (seeded), exact on each line.

    Interval: for the expectation at these sample sizes over rows and directions. Delta: the influence function is the mean
    potential over the directions, and the directions add the variance of their costs. From the null on, where the
    spread and the skewness are those of 199 draws of both sides from the pooled rows (32 directions); a score interval of the
    squared distance, then its root.
    ``permutation`` where 199 random splits of the pooled rows do not tell real from fake.

    When it lies: in d dimensions a random line sees 1/d of a squared difference, so one bad direction among many is
    nearly invisible. It is biased upwards by sampling noise, and 128 directions are a sample themselves.

    Source: Bonneel et al. 2015, Def. 3; interval: Manole, Balakrishnan & Wasserman 2022, arXiv:1909.07862.
    """
    real, fake, notes = evidence.sample(CAP)
    if min(real.n, fake.n) < 2:
        raise TooFewSamples(f"the interval needs 2 samples per side; got real={real.n}, fake={fake.n}")
    sides = along_lines(evidence)
    psi = [sliced_potential(*pair) for pair in (sides, sides[::-1])]
    ordered = [np.sort(side, axis=1) for side in sides]
    costs = sliced_costs(ordered[0], ordered[1], Steps.of(real.n, fake.n))
    squared, chance = float(costs.mean()), float(costs.var(ddof=1)) / DIRECTIONS
    variance = chance + sum(float(values.var(ddof=1)) / len(values) for values in psi)
    pooled = np.concatenate(sides, axis=1)[:FEW]
    splits = redrawn(pooled, real.n, numpy_stream(evidence.seed, "permutation-sliced"), replace=False)
    null = redrawn(pooled, real.n, numpy_stream(evidence.seed, "bootstrap-sliced"), replace=True)
    p_value = permutation_p_value(float(costs[:FEW].mean()), splits.mean(axis=1))
    delta = p_value <= 1 - evidence.level
    near = null_variance(null, DIRECTIONS)
    found = SquaredDistance(
        squared, float(null.mean()), near, max(0.0, variance - 2 * near), 2 * near / float(null.mean()), skewness(null)
    )
    low, high = found.interval(evidence.level)
    shift = GOOD * evidence.real_bank.moments.total_variance / real.dim
    margin = (squared + shift) ** 0.5 - squared**0.5
    details = {"directions": DIRECTIONS, "p_value": p_value, "squared": squared, "margin": margin}
    details["further_variance"] = chance / (4 * squared) if squared > 0 else 0.0
    interval = [min(np.sqrt(max(low, 0.0)), squared**0.5), max(np.sqrt(high), squared**0.5)]
    kind: Interval = "delta" if delta else "permutation"
    notes += (
        ()
        if delta
        else (f"real and fake are not told apart (p = {p_value:.2f}): spread from draws of the pooled rows",)
    )
    return Measurement(
        squared**0.5, (kind, float(interval[0]), float(interval[1])), Rows(real.n, fake.n), details=details, notes=notes
    )
