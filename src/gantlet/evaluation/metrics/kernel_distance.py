"""The kernel distance (KID): unbiased squared MMD with a cubic polynomial kernel over all pairs, with its variance."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from torch import Tensor

from gantlet.core.errors import NonFiniteError, ShapeError, TooFewSamples
from gantlet.core.numerics.distances import as_tensor, dot_tiles, tile_side
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import SquaredDistance
from gantlet.evaluation.measurement import NO_BOUNDS, Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import GOOD

EXACT_ROWS = 4_000
LARGEST_TILE = 1_000
"""The kernel and its sums pass over a tile several times: it has to stay near the cache."""
FEWEST = 10
"""Images per side below which no interval is given: of 300 at the null .80 to .90 held at 4 to 8 images, .90 to .93 at 10."""
SHIFTED = 1_000
"""Real rows on which the margin is computed."""


@dataclass(frozen=True, eq=False)
class KernelSums:
    """Row sums [n], column sums [m] and the sum of squares of a kernel matrix, a pair of one row with itself left
    out; and the trace.
    """

    rows: Float64[np.ndarray, " n"]
    columns: Float64[np.ndarray, " m"]
    squares: float
    trace: float
    """The sum of k(x, x) within one side; 0 between sides."""


def kernel_sums(
    left: Float[np.ndarray, "n d"], right: Float[np.ndarray, "m d"] | None = None, *, memory: int = 2 * 10**9
) -> KernelSums:
    """Return sums of k(x, y) = (xᵀy/d + 1)³ − 1 over all pairs, by tiles; ``right`` None: pairs within ``left``.

    Products run in float64 up to 4,000 rows per side, else in the features' own precision: each product's relative error of
    about 1e-7 is independent of the others, and the mean of so many of them loses it. Kernel and sums are float64.
    """
    a, b = as_tensor(left), as_tensor(left if right is None else right)
    products = torch.float64 if max(len(a), len(b)) <= EXACT_ROWS else a.dtype
    side = min(LARGEST_TILE, tile_side(memory, 32))
    tiles = dot_tiles(a, b, side, upper=right is None, dtype=products)
    cubes = ((i, j, _cube_less_one(tile.double().div_(a.shape[1]))) for i, j, tile in tiles)
    return sums_of_tiles(cubes, len(a), None if right is None else len(b))


def _cube_less_one(t: Float64[Tensor, "a b"]) -> Float64[Tensor, "a b"]:
    """Return (t + 1)³ − 1 = ((t + 3)t + 3)t: a constant changes no distance and no variance, and would cover small t by its rounding."""
    return t.add(3.0).mul_(t).add_(3.0).mul_(t)


def sums_of_tiles(tiles: Iterable[tuple[int, int, Float[Tensor, "a b"]]], n: int, m: int | None) -> KernelSums:
    """Return the sums of a kernel matrix [n, m] from its tiles; ``m`` None: [n, n], symmetric, tiles with j ≥ i only."""
    rows, columns = torch.zeros(n, dtype=torch.float64), torch.zeros(n if m is None else m, dtype=torch.float64)
    squares = trace = 0.0
    for i, j, tile in tiles:
        if m is None and i == j:
            trace += float(tile.diagonal().sum())
            tile.fill_diagonal_(0.0)
        rows[i : i + tile.shape[0]] += tile.sum(dim=1)
        if m is not None or i != j:
            columns[j : j + tile.shape[1]] += tile.sum(dim=0)
        flat = tile.view(-1)
        squares += float(torch.dot(flat, flat)) * (2 if m is None and i != j else 1)
    if m is None:
        rows = columns = rows + columns
    return KernelSums(rows.numpy(), columns.numpy(), squares, trace)


def kernel_distance(real: KernelSums, fake: KernelSums, cross: KernelSums) -> SquaredDistance:
    """Return the unbiased MMD² of all pairs with the estimate of its variance; 0 in the mean at the null.

    U_rr + U_ff − 2 mean k(r, f). Variance by Hoeffding's decomposition: h_r(x) = 2(mean k(x, r') − mean k(x, f)),
    var h_r/n + var h_f/m − [2ζ_rr/n² + 2ζ_ff/m² + 4ζ_rf/(nm)], where ζ is the variance of the doubly centred kernel:
    the bracket, which is the variance at the null, takes away what the estimated h count twice.

    Returns: the value, which may be negative. Raises: TooFewSamples (fewer than 2 a side),
    NonFiniteError (overflow).
    Source: Gretton et al. 2012 (JMLR 13), Eq. 3 and Sec. 6; Bińkowski et al. 2018, arXiv:1801.01401, Sec. 4.
    """
    n, m = len(real.rows), len(fake.rows)
    if min(n, m) < 2:
        raise TooFewSamples(f"the kernel distance needs 2 samples per side; got real={n}, fake={m}. Give more images")
    if not np.isfinite([real.squares, fake.squares, cross.squares]).all():
        raise NonFiniteError("the cubic kernel overflowed: the features are too large; rescale them")
    u_rr, u_ff = real.rows.sum() / (n * (n - 1)), fake.rows.sum() / (m * (m - 1))
    u_rf = cross.rows.sum() / (n * m)
    second = (
        2 * _degenerate(real.squares / (n * (n - 1)), u_rr, real.rows / (n - 1), real.rows / (n - 1)) / n**2
        + 2 * _degenerate(fake.squares / (m * (m - 1)), u_ff, fake.rows / (m - 1), fake.rows / (m - 1)) / m**2
        + 4 * _degenerate(cross.squares / (n * m), u_rf, cross.rows / m, cross.columns / n) / (n * m)
    )
    delta = projections(real, fake, cross).variance
    bias = (real.trace / n - u_rr) / n + (fake.trace / m - u_ff) / m
    slope = float(2 * second / bias) if bias > 0 else 0.0
    value = float(u_rr + u_ff - 2 * u_rf)
    return SquaredDistance(value, 0.0, second, max(0.0, delta - 2 * second), slope)


def _degenerate(
    mean_square: float, mean: float, row_means: Float64[np.ndarray, " n"], column_means: Float64[np.ndarray, " m"]
) -> float:
    return max(0.0, float(mean_square - mean**2 - row_means.var() - column_means.var()))


def kernel_distance_subsets(
    real: Float[np.ndarray, "n d"],
    fake: Float[np.ndarray, "m e"],
    rng: np.random.RandomState,
    *,
    subsets: int = 100,
    size: int = 1000,
) -> tuple[float, float, Rows]:
    """Return mean and population standard deviation of the unbiased MMD² over random subsets, and the rows drawn: the published protocol.

    Convention: torch-fidelity's, number for number with ``RandomState(seed)``: each subset draws fake rows, then real
    ones, without replacement; arithmetic in float64. The spread over subsets is not a standard error of anything.

    Raises: TooFewSamples (fewer than ``size`` a side). Source: Bińkowski et al. 2018, arXiv:1801.01401.
    """
    if real.shape[1] != fake.shape[1]:
        raise ShapeError(
            f"real features have {counted(real.shape[1], 'column')}, fake ones {fake.shape[1]}; use one extractor for both"
        )
    if min(len(real), len(fake)) < size:
        raise TooFewSamples(
            f"KID needs {counted(size, 'sample')} per side; got real={len(real)}, fake={len(fake)}. Lower the subset size or "
            f"give more images"
        )
    values = np.empty(subsets)
    drawn = np.zeros(len(real), bool), np.zeros(len(fake), bool)
    for s in range(subsets):
        of_fake = rng.choice(len(fake), size, replace=False)
        of_real = rng.choice(len(real), size, replace=False)
        f, r = fake[of_fake], real[of_real]
        drawn[0][of_real] = drawn[1][of_fake] = True
        values[s] = kernel_distance(kernel_sums(r), kernel_sums(f), kernel_sums(r, f)).value
    return float(values.mean()), float(values.std()), Rows(int(drawn[0].sum()), int(drawn[1].sum()))


def all_pairs(
    real: Float32[np.ndarray, "n d"], fake: Float32[np.ndarray, "m d"], *, memory: int = 2 * 10**9
) -> SquaredDistance:
    """Return `kernel_distance` of two sets of features."""
    own = kernel_sums(real, memory=memory), kernel_sums(fake, memory=memory)
    return kernel_distance(*own, kernel_sums(real, fake, memory=memory))


def sums_of(evidence: Evidence) -> tuple[KernelSums, KernelSums, KernelSums]:
    """Return the kernel sums within real, within fake and between them, computed once."""
    real, fake, memory = evidence.real.features, evidence.fake.features, evidence.memory
    return evidence.shared(
        "cubic kernel",
        lambda: (
            kernel_sums(real, memory=memory), kernel_sums(fake, memory=memory), kernel_sums(real, fake, memory=memory),
        ),
    )  # fmt: skip


def influence(evidence: Evidence) -> Influence:
    """Return the Hoeffding projections h_r and h_f at every row; their own noise makes the variance cautious."""
    return projections(*sums_of(evidence))


def projections(real: KernelSums, fake: KernelSums, cross: KernelSums) -> Influence:
    """Return 2(mean k(x, own) − mean k(x, other)) at every row."""
    n, m = len(real.rows), len(fake.rows)
    return Influence(2 * (real.rows / (n - 1) - cross.rows / m), 2 * (fake.rows / (m - 1) - cross.columns / n))


def of_shift(features: Float32[np.ndarray, "n d"], share: float) -> float:
    """Return the squared MMD between at most 1,000 rows and the same rows shifted, in every feature, by √share of its deviation.

    The signs of the shift are random (seeded): |shift|² = share · total variance.
    """
    rows = features[:SHIFTED].astype(np.float64)
    signs = numpy_stream(0, "shift").choice([-1.0, 1.0], features.shape[1])
    moved = (rows + rows.std(axis=0) * signs * share**0.5).astype(np.float32)
    still = rows.astype(np.float32)
    own, other, cross = kernel_sums(still), kernel_sums(moved), kernel_sums(still, moved)
    n = len(rows)
    pairs = [float(sums.rows.sum() + sums.trace) / n**2 for sums in (own, other)]
    return sum(pairs) - 2 * float(cross.rows.sum()) / n**2


@METRICS.register(
    "kernel_distance",
    source="Bińkowski et al. 2018, arXiv:1801.01401",
    needs=("features",),
    unit="squared MMD",
    any_n=True,
    lower_is_better=True,
    beyond="copies of real images do that",
    version=3,
    influence=influence,
)
def estimate(evidence: Evidence, subsets: int = 0, size: int = 1000, seed: int = 2020) -> Measurement:
    """Squared maximum mean discrepancy of real and fake features with the kernel (xᵀy/d + 1)³, unbiased (KID, in
    Inception features).

    MMD² = mean k(r, r') + mean k(f, f') − 2 mean k(r, f) over all pairs, a row never with itself.

    Options: ``subsets`` makes the value the mean over so many random subsets of ``size`` a side, as published (100 of
    1,000; ``seed`` as torch-fidelity's). Its interval adds the noise of choosing the subsets.

    ``details.margin``: the squared MMD of a shift by a tenth of a standard deviation in every feature, which a verdict
    counts as no difference.

    Interval: delta, from the U-statistic's own variance (Hoeffding projections and the second-order term), as a score
    interval: the variance grows with the distance, so the interval leans upwards.

    When it lies: the kernel sees moments up to order three only; large feature norms dominate it. Its unit depends
    on the features' scale, so it compares nothing across extractors. The usual 100 × 1000 subset spread is not an
    interval.

    Source: Bińkowski et al. 2018, arXiv:1801.01401, Sec. 4; Gretton et al. 2012, JMLR 13, Eq. 3.
    """
    real, fake = evidence.real.features, evidence.fake.features
    found = kernel_distance(*sums_of(evidence))
    details: dict[str, float] = {}
    rows = evidence.rows
    if subsets:
        chance = np.random.RandomState(seed)
        value, spread, rows = kernel_distance_subsets(real, fake, chance, subsets=subsets, size=size)
        found = replace(found, value=value, null_variance=found.null_variance + spread**2 / subsets)
        details = {"subsets_std": spread}
    low, high = found.interval(evidence.level)
    value = found.value
    notes: tuple[str, ...] = ("the value is negative: no difference is seen",) if value < 0 else ()
    if subsets == 1:
        note = "no interval: one subset does not show how much subsets differ; take two or more"
        return Measurement(value, NO_BOUNDS, rows, details=details, notes=(*notes, note))
    if min(evidence.real.n, evidence.fake.n) < FEWEST:
        note = f"no interval: it does not hold below {FEWEST} images per side"
        return Measurement(value, NO_BOUNDS, rows, details=details, notes=(*notes, note))
    details = {"standard_error": found.variance**0.5, "margin": of_shift(real, GOOD), **details}
    return Measurement(value, ("delta", low, high), rows, details=details, notes=notes)
