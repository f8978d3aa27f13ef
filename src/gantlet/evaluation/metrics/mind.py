"""MIND, the Monge Inception Distance: squared transport costs along random lines, scaled by 3 d."""

import numpy as np
import torch
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.core.interfaces.metadata import NO_INFLUENCE
from gantlet.core.results.estimate import Interval
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import SquaredDistance, permutation_p_value
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import GOOD
from gantlet.evaluation.metrics.sliced_wasserstein import (
    FEW,
    null_variance,
    projected,
    redrawn,
    skewness,
    sliced_potential,
)

CAP = 10_000
LINES = 128
"""Lines along which the potentials of the interval are averaged."""


def lines(d: int, count: int, seed: int) -> Float64[np.ndarray, "d k"]:
    """Return random unit directions: normal numbers of torch's generator, in float32 as torch-fidelity draws them."""
    drawn = torch.randn(count, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float32)
    return (drawn / drawn.norm(dim=1, keepdim=True).clamp_min(1e-12)).double().numpy().T


@METRICS.register(
    "mind",
    source="Berthet et al. 2026, arXiv:2605.06797",
    needs=("features",),
    unit="squared feature units",
    lower_is_better=True,
    beyond="copies of real images do that",
    unpaired=NO_INFLUENCE,
    estimand="fresh draws of both sides at this n and of the directions",
)
def estimate(evidence: Evidence, projections: int = 1000, seed: int = 2020) -> Measurement:
    """MIND: squared optimal transport costs along random lines, averaged and scaled by three times the dimension.

    MIND = (3d/(nM)) Σ_i Σ_j (sort(u_i·real)_j − sort(u_i·fake)_j)² over M = 1,000 random unit directions u_i, n of each side: the larger is
    cut at random. In Inception-2015 features it is published MIND (``--features 'inception-v3[tap=2048,resize=tf1]'``); sliced_wasserstein
    is the root of the same sum without the factor.

    Options: ``projections`` M; ``seed`` of the directions, torch-fidelity's default.

    Interval: for the expectation at these sizes over rows and directions, as in sliced_wasserstein: delta with the mean potential along
    128 lines, from the null on a score interval with the spread of 199 draws of both sides from the pooled rows.

    When it lies: it is biased upwards by sampling noise, about as 1/n, and real images' own value is not 0: read it beside the reference.
    A line sees 1/d of a squared difference: one bad direction among many is nearly invisible.

    Source: Berthet et al. 2026, arXiv:2605.06797; factor and draws read from torch-fidelity's metric_mind.py (not its arithmetic: here
    sums are float64; equal to 1e-5).
    """
    if projections < FEW or seed < 0:
        raise ConfigError(f"mind: expected projections ≥ {FEW} and seed ≥ 0; got {projections} and {seed}")
    real, fake, notes = evidence.sample(CAP, balanced=True)
    if min(real.n, fake.n) < 2:
        raise TooFewSamples(f"the interval needs 2 samples per side; got real={real.n}, fake={fake.n}")
    scale, directions = 3.0 * real.dim, lines(real.dim, projections, seed)
    sides = [projected(bank.features, directions) for bank in (real, fake)]
    costs = np.square(np.sort(sides[0], axis=1) - np.sort(sides[1], axis=1)).mean(axis=1)
    some = [side[:LINES] for side in sides]
    found, p_value = _squared(evidence, some, costs)
    low, high = (scale * end for end in found.interval(evidence.level))
    value = scale * float(costs.mean())
    kind: Interval = "delta" if p_value <= 1 - evidence.level else "permutation"
    details = {
        "projections": projections,
        "seed": seed,
        "p_value": p_value,
        "margin": 3 * GOOD * evidence.real_bank.moments.total_variance,
    }
    bounds = (kind, min(max(low, 0.0), value), max(high, value))
    return Measurement(value, bounds, Rows(real.n, fake.n), details=details, notes=notes)


def _squared(
    evidence: Evidence, sides: list[Float64[np.ndarray, "k n"]], costs: Float64[np.ndarray, " m"]
) -> tuple[SquaredDistance, float]:
    """Return what the interval of the mean cost is made of, and the p-value of random splits of the pooled rows."""
    psi = [sliced_potential(*pair) for pair in (sides, sides[::-1])]
    variance = float(costs.var(ddof=1)) / len(costs) + sum(float(row.var(ddof=1)) / len(row) for row in psi)
    pooled, n = np.concatenate(sides, axis=1)[:FEW], sides[0].shape[1]
    splits = redrawn(pooled, n, numpy_stream(evidence.seed, "permutation-mind"), replace=False)
    null = redrawn(pooled, n, numpy_stream(evidence.seed, "bootstrap-mind"), replace=True)
    mean, near = float(null.mean()), null_variance(null, len(costs))
    slope = 2 * near / mean if mean > 0 else 0.0
    found = SquaredDistance(float(costs.mean()), mean, near, max(0.0, variance - 2 * near), slope, skewness(null))
    return found, permutation_p_value(float(costs[:FEW].mean()), splits.mean(axis=1))
