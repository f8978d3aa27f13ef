"""The kernel two-sample distance with a Gaussian kernel: unbiased, with its variance; Xu's form beside it."""

import numpy as np
from jaxtyping import Float32

from gantlet.core.errors import ConfigError, DataError, ShapeError
from gantlet.core.numerics.distances import squared_distance_tiles, tile_side
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import SquaredDistance
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.kernel_distance import KernelSums, kernel_distance, projections, sums_of_tiles
from gantlet.evaluation.stats.moments import Moments


def mean_squared_distance(moments: Moments) -> float:
    """Return the mean of |x − x'|² over all n² pairs, each row with itself included: 2 tr S (n − 1)/n."""
    return 2 * float(np.trace(moments.m2)) / moments.n


def gaussian_sums(
    left: Float32[np.ndarray, "n d"],
    right: Float32[np.ndarray, "m d"] | None,
    squared_width: float,
    centre: Float32[np.ndarray, " d"],
    memory: int = 2 * 10**9,
) -> KernelSums:
    """Return sums of k(x, y) = exp(−|x − y|²/(2·squared_width)) over pairs; ``right`` None: pairs within ``left``.

    Products run in float32 on rows less ``centre``: the exponent errs by about 1e-6·(|x|² + |y|²)/squared_width.
    """
    tiles = squared_distance_tiles(left, right, centre, tile_side(memory, 32))
    kernels = ((i, j, tile.mul_(-0.5 / squared_width).exp_().double()) for i, j, tile in tiles)
    return sums_of_tiles(kernels, len(left), None if right is None else len(right))


def mmd_rbf(
    real: Float32[np.ndarray, "n d"],
    fake: Float32[np.ndarray, "m e"],
    sigma: float = 1.0,
    relative: bool = True,
    memory: int = 2 * 10**9,
) -> tuple[SquaredDistance, float]:
    """Return the unbiased MMD² with the estimate of its variance, and the biased MMD² (V-statistic, ≥ 0).

    k(x, y) = exp(−|x − y|²/(2σ²·s)), s = mean |x − x'|² over all n² real pairs (Xu's scale), 1 unless ``relative``.

    Args: real [n, d], fake [m, d], float32. Raises: ShapeError (dimensions differ), TooFewSamples (fewer than 2),
    DataError (all real rows equal). Source: Gretton et al. 2012, JMLR 13, Eq. 3; Xu et al. 2018, arXiv:1806.07755.
    """
    if real.shape[1] != fake.shape[1]:
        raise ShapeError(
            f"real has {counted(real.shape[1], 'column')}, fake {fake.shape[1]}; use one extractor for both"
        )
    rows, columns, cross = rbf_sums(real, fake, sigma, relative, memory)
    found = kernel_distance(rows, columns, cross)
    n, m = len(real), len(fake)
    biased = (rows.rows.sum() + n) / n**2 + (columns.rows.sum() + m) / m**2 - 2 * cross.rows.sum() / (n * m)
    return found, max(float(biased), 0.0)


def rbf_sums(
    real: Float32[np.ndarray, "n d"],
    fake: Float32[np.ndarray, "m d"],
    sigma: float,
    relative: bool,
    memory: int,
) -> tuple[KernelSums, KernelSums, KernelSums]:
    """Return the kernel sums within real, within fake and between them; raises DataError (all real rows equal)."""
    moments = Moments.of(real)
    width = sigma**2 * (mean_squared_distance(moments) if relative else 1.0) if len(real) else 0.0
    if len(real) > 1 and width == 0:
        raise DataError("all real feature rows are equal; expected images that differ")
    centre = moments.mean.astype(np.float32)
    rows, columns = (gaussian_sums(side, None, width or 1.0, centre, memory) for side in (real, fake))
    return rows, columns, gaussian_sums(real, fake, width or 1.0, centre, memory)


def influence(evidence: Evidence) -> Influence:
    """Return the Hoeffding projections at every row, the width taken as known."""
    return projections(*rbf_sums(evidence.real.features, evidence.fake.features, 1.0, True, evidence.memory))


@METRICS.register(
    "mmd_rbf",
    source="Gretton et al. 2012, JMLR 13; Xu et al. 2018, arXiv:1806.07755",
    needs=("features",),
    unit="squared MMD",
    lower_is_better=True,
    beyond="copies of real images do that",
    version=2,
    influence=influence,
)
def estimate(
    evidence: Evidence, sigma: float = 1.0, relative: bool = True, form: str = "unbiased", scale: float = 1.0
) -> Measurement:
    """Squared maximum mean discrepancy with a Gaussian kernel as wide as the real images' mean distance.

    MMD² = mean k(r, r') + mean k(f, f') − 2 mean k(r, f), a row never with itself (unbiased U-statistic);
    k(x, y) = exp(−|x − y|²/(2σ²·mean|r − r'|²)), σ = 1. ``details.xu2018``: the biased root √MMD² of Xu et al.

    Options: ``sigma``; ``relative`` = false takes σ as it is, not in units of the real images' distance; ``form``:
    unbiased, biased (each row with itself too) or root (√ of the biased one, Xu et al.); ``scale`` multiplies the value.
    CMMD is sigma=10,relative=false,form=biased,scale=1000.

    Interval: that of kernel_distance: delta, from the U-statistic's own variance, as a score interval that leans upwards.

    When it lies: one width sees one scale; finer or coarser differences fade. The width follows the real set, so it
    compares nothing across real sets. In high dimension all distances are alike and the kernel is almost linear.

    Source: Gretton et al. 2012, JMLR 13, Eq. 3; Xu et al. 2018, arXiv:1806.07755, Sec. 2.2.
    """
    if form not in ("unbiased", "biased", "root"):
        raise ConfigError(f"mmd_rbf: form must be unbiased, biased or root; got {form!r}")
    unbiased, biased = mmd_rbf(evidence.real.features, evidence.fake.features, sigma, relative, memory=evidence.memory)
    value = {"unbiased": unbiased.value, "biased": biased, "root": biased**0.5}[form]
    shift = 0.0 if form == "unbiased" else biased - unbiased.value
    variance, (low, high) = unbiased.variance, (end + shift for end in unbiased.interval(evidence.level))
    if form == "root":
        variance, low, high = variance / max(4 * biased, variance**0.5), max(0.0, low) ** 0.5, max(0.0, high) ** 0.5
    notes = ("the value is negative: no difference is seen",) if value < 0 else ()
    details = {"standard_error": scale * variance**0.5, "xu2018": biased**0.5}
    low = low if form == "unbiased" else max(0.0, low)
    return Measurement(scale * value, ("delta", scale * low, scale * high), evidence.rows, details=details, notes=notes)
