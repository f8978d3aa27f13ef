"""The squared Fréchet distance between two Gaussians, its interval, and the permutation test at the null."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import NonFiniteError, ShapeError, TooFewSamples
from gantlet.core.results.estimate import Interval
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import SquaredDistance, normal, squared_distance
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.gaussian import GROUPS, PLAIN, GaussianNull
from gantlet.evaluation.stats.moments import Gaussian, trace_root

GOOD = 0.01
"""The share of the real features' total variance that a verdict counts as no difference: the square of a shift by a tenth
of a standard deviation in every feature."""

FEW = 20
"""Images that carry the variance below which the interval is at least the delta method's: the variance grows with an image, not with the distance."""


def frechet_distance(real: Gaussian, fake: Gaussian) -> float:
    """Return the squared Fréchet (2-Wasserstein) distance of the Gaussians with these moments.

    |m_r − m_g|² + tr S_r + tr S_g − 2 tr (S_r S_g)^½

    Args: real, fake: moments in d dimensions, float64. Returns: ≥ 0, in squared feature units; rounding below 0
    (relative 1e-9 of the traces) counts as 0. Raises: ShapeError (dimensions differ), TooFewSamples (n < 2),
    NonFiniteError. Convention: covariance with divisor n − 1 (torch-fidelity, clean-fid); NVlabs divides by n.
    Source: Dowson & Landau 1982, Eq. 4; Heusel et al. 2017, arXiv:1706.08500, Eq. 6.
    """
    if len(real.mean) != len(fake.mean):
        raise ShapeError(
            f"real has {counted(len(real.mean), 'dimension')}, fake {len(fake.mean)}; use one extractor for both"
        )
    if min(n for n in (real.n, fake.n, 2) if n is not None) < 2:
        raise TooFewSamples(
            f"the Fréchet distance needs 2 samples per side; got real={real.n}, fake={fake.n}. Give more images"
        )
    shift = real.mean - fake.mean
    size = real.total_variance + fake.total_variance
    distance = float(shift @ shift) + size - 2 * trace_root(real, fake)
    if distance < -1e-6 * size:
        raise NonFiniteError(f"the Fréchet distance came out as {distance:.3g} < 0; the moments are not those of data")
    return max(distance, 0.0)


def influence(evidence: Evidence) -> Influence:
    """Return the Kantorovich potentials at every row: the influence function of the distance."""
    return Influence(evidence.potentials.real, evidence.potentials.fake)


@METRICS.register(
    "frechet_distance",
    source="Heusel et al. 2017, arXiv:1706.08500",
    needs=("moments",),
    unit="squared feature units",
    lower_is_better=True,
    beyond="copies of real images do that",
    misled="it sees means and covariances only",
    version=3,
    influence=influence,
)
def estimate(evidence: Evidence, root: bool = False) -> Measurement:
    """Fréchet distance of the Gaussians fitted to real and fake features (FID, where the features are
    Inception-2015's).

    FD = |m_r − m_g|² + tr(S_r + S_g − 2(S_r S_g)^½), covariances with divisor n − 1, float64.

    Option: ``root`` = true gives √FD, as in Xu et al. 2018.

    ``details.margin``: 1% of the real features' total variance, the FD of a shift by a tenth of a standard deviation in every
    feature; a verdict counts a smaller difference from the reference as none.

    Interval: for the expectation of FD at these sample sizes. Delta method: the influence function is the Kantorovich
    potential of the Gaussian transport problem, se² = var ψ_r/n_r + var ψ_g/n_g. At the null ψ vanishes and the spread is that of
    999 random relabellings (to second order). A score interval has both: the variance grows with the distance from the
    null on, so it leans upwards. ``permutation`` where the relabellings do not tell real from fake.

    When it lies: its bias is c/n and c depends on the model, so equal n does not repair a ranking (see
    frechet_distance_debiased). It sees means and covariances only. Below n ≈ 2d it is mostly bias. Memorised training
    images score best of all.

    Source: Heusel et al. 2017, arXiv:1706.08500, Eq. 6; interval: Rippl, Munk & Sturm 2016, arXiv:1507.04090.
    """
    value = frechet_distance(evidence.real_bank.moments, evidence.fake_bank.moments)
    low, high, kind, details, notes = transport_interval(evidence, value, Spread())
    low = low and max(low, 0.0)
    if root:
        low, value, high = low and low**0.5, value**0.5, high and high**0.5
        details.pop("margin")
    return Measurement(value, (kind, low, high), evidence.rows, details=details, notes=notes)


@dataclass(frozen=True, eq=False)
class Spread:
    """What the spread of an estimate of the distance is made of beside that of the plain distance.

    ``covariances`` [8, 8]: the contrast of its covariance part over quarters (`stats.gaussian.contrast`).
    ``bias``: that of the covariance part of the plain distance, where it is known and both parts' biases are taken away.
    ``further``: variance that it has beside the rows' chance.
    """

    covariances: Float64[np.ndarray, "8 8"] = field(default_factory=lambda: PLAIN)
    bias: float | None = None
    further: float = 0.0


def transport_interval(
    evidence: Evidence, value: float, spread: Spread
) -> tuple[float | None, float | None, Interval, dict[str, Any], tuple[str, ...]]:
    """Return low, high, kind, details and notes for an estimate of the distance: the plain one, or one of less bias."""
    if evidence.value_only:
        return None, None, "none", {"margin": 0.0}, ()
    notes = size_notes(evidence)
    summed = [name for name, bank in (("real", evidence.real_bank), ("fake", evidence.fake_bank)) if bank.rows is None]
    if len(summed) == 2:
        return (
            None,
            None,
            "none",
            {"margin": 0.0},
            (*notes, "no interval: two statistics files hold no rows to take it from"),
        )
    variance = evidence.potentials.variance + spread.further
    low, high = normal(value, variance, evidence.level)
    details: dict[str, Any] = {"margin": GOOD * evidence.real_bank.moments.total_variance}
    kind: Interval = "delta"
    if summed:
        notes += (f"the interval leaves out the {summed[0]} images' own noise: a statistics file holds no rows",)
    elif min(evidence.real.n, evidence.fake.n) < GROUPS:
        notes += (
            f"fewer than {GROUPS} samples per side: no permutation test; near the null the delta interval is invalid",
        )
    else:
        squared, p_value = squared_parts(evidence, value, spread)
        by_delta = low, high
        variance, (low, high) = squared.variance, squared.interval(evidence.level)
        if (few := carriers(evidence)) < FEW:
            low, high = min(low, by_delta[0]), max(high, by_delta[1])
            notes += (
                f"heavy tails: {counted(few, 'image')} of a side carry most of the variance, so the interval is rough",
            )
        details |= {"p_value": p_value, "null_mean": squared.null_mean}
        if p_value > 1 - evidence.level:
            kind = "permutation"
            notes += (f"real and fake are not told apart (p = {p_value:.2f}): spread from a permutation test",)
    return low, high, kind, {"standard_error": variance**0.5, **details}, notes


def carriers(evidence: Evidence) -> int:
    """Return how many images carry the variance, on the side where they are fewer: (Σ ψ²)²/Σ ψ⁴ of the centred potentials.

    n/κ for n images, κ their kurtosis: n/3 for normal ones, 1 where one image decides alone.
    """
    sides = [values for values in (evidence.potentials.real, evidence.potentials.fake) if values is not None]
    numbers = [len(values) for values in sides]
    for values in sides:
        squares = np.square(values - values.mean())
        if squares.any():
            numbers.append(round(float(squares.sum() ** 2 / np.square(squares).sum())))
    return min(numbers)


def squared_parts(evidence: Evidence, value: float, spread: Spread) -> tuple[SquaredDistance, float]:
    """Return what the interval is made of, and the p-value of the permutation test."""
    relabelled = evidence.gaussian_null.distances(_relabellings(evidence))
    p_value = float(np.mean(relabelled >= relabelled[0] * (1 - 1e-12)))
    noise = evidence.gaussian_null.within()
    plain = noise.distances(_relabellings(evidence))[1:]
    null_mean, null_variance = _null(noise, spread, evidence)
    squared = replace(
        squared_distance(value, plain, evidence.potentials.variance),
        null_mean=null_mean,
        null_variance=null_variance + spread.further,
    )
    return squared, p_value


def _null(noise: GaussianNull, spread: Spread, evidence: Evidence) -> tuple[float, float]:
    """Return mean and variance of the estimate under relabelling.

    The expansion to second order is too narrow for n near d or below: where the bias is known it is stretched by the square of the
    bias over what the expansion says (measured: benchmarks.debiased_fd).
    """
    if spread.bias is None:
        null = noise.combined(PLAIN, spread.covariances, _relabellings(evidence))[1:]
        return float(null.mean()), float(null.var())
    nothing = np.zeros((8, 8))
    expected = float(noise.combined(nothing, PLAIN, _relabellings(evidence))[1:].mean())
    stretch = max(1.0, spread.bias / expected) ** 2 if expected > 0 else 1.0
    means = noise.combined(PLAIN, nothing, _relabellings(evidence))[1:]
    covariances = stretch * noise.combined(nothing, spread.covariances, _relabellings(evidence))[1:]
    return float(covariances.mean()), float((means + covariances).var())


def _relabellings(evidence: Evidence) -> np.random.Generator:
    return numpy_stream(evidence.seed, "permutation")


def size_notes(evidence: Evidence) -> tuple[str, ...]:
    """Return the warnings that belong to the sample size against the dimension."""
    d, sizes = evidence.real_bank.dim, [n for n in evidence.rows if n is not None]
    n = min(sizes, default=2 * d)
    if n <= d:
        return (
            f"n = {n} ≤ d = {d}: the covariances are singular, the interval uses pseudo-inverses and the bias is large",
        )
    if n < 2 * d:
        return (f"n = {n} < 2d = {2 * d}: the plain distance is mostly bias; read the debiased one",)
    return ()
