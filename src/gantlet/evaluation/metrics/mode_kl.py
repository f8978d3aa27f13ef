"""Reverse KL over modes: how far the classes of the fakes are from those of the real images."""

import numpy as np
from jaxtyping import Int64
from scipy.special import rel_entr

from gantlet.core.errors import TooFewSamples
from gantlet.core.results.estimate import Interval
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import permutation_p_value, squared_distance
from gantlet.evaluation.measurement import Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.modes import class_counts, class_of_rows

PERMUTATIONS = 999


def mode_kl(real: Int64[np.ndarray, " k"], fake: Int64[np.ndarray, " k"]) -> tuple[float, float]:
    """Return KL(q ‖ p) = Σ q log(q/p) in nats, q the fakes' and p the real images' shares, and its delta variance.

    Influence of a fake of class j: log(q_j/p_j); of a real image: −q_j/p_j; both centred.

    Args: real, fake: counts of k classes. Returns: (≥ 0; ∞ where fakes have a class that real images lack, variance
    0). Raises: TooFewSamples (no images). Source: Metz et al. 2017, arXiv:1611.02163, Sec. 3.3.
    """
    n, m = int(real.sum()), int(fake.sum())
    if min(n, m) == 0:
        raise TooFewSamples(f"mode_kl needs 1 sample per side; got real={n}, fake={m}. Give more images")
    p, q = real / n, fake / m
    value = float(rel_entr(q, p).sum())
    if not np.isfinite(value):
        return np.inf, 0.0
    ratio = np.divide(q, p, out=np.ones_like(q), where=(p > 0) & (q > 0))
    of_fake, of_real = np.log(ratio), np.where(q > 0, ratio, 0.0)
    spread = (q @ of_fake**2 - (q @ of_fake) ** 2) / m + (p @ of_real**2 - (p @ of_real) ** 2) / n
    return max(value, 0.0), max(0.0, float(spread))


def influence(evidence: Evidence) -> Influence:
    """Return log(q_j/p_j) at every fake of class j, and −q_j/p_j at every real image."""
    banks = evidence.real, evidence.fake
    p, q = (class_counts(bank, evidence.mixture) / bank.n for bank in banks)
    real, fake = (class_of_rows(bank, evidence.mixture) for bank in banks)
    return Influence(-q[real] / p[real], np.log(q[fake] / p[fake]))


@METRICS.register(
    "mode_kl",
    source="Metz et al. 2017, arXiv:1611.02163",
    needs=("classes",),
    unit="nats",
    lower_is_better=True,
    version=2,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Reverse KL divergence of the fakes' class histogram from the real one; 0 is best.

    Σ_j q_j log(q_j / p_j), q, p the shares of class j among the most probable classes of fake and real images (the same
    classifier), natural logarithms. Where the data is a known mixture, a point counts for the mode nearest to it, near
    or far.

    Interval: for the mean of this value at these sizes, its bias with it. Delta (multinomial counts on both sides), from
    the null on, where the spread is that of 999 relabellings; a score interval, as for a squared distance (KL is one half
    of a χ² distance near the null), which leans upwards. ``permutation`` where the relabellings do not tell them apart.

    When it lies: reverse KL forgives classes that are missing (q = 0 adds nothing but the others' surplus): read it
    with modes. The classifier's mistakes count as modes. It is biased upwards by about (k − 1)/2·(1/n + 1/m).

    Source: Metz et al. 2017, arXiv:1611.02163, Sec. 3.3; Lin et al. 2018, arXiv:1712.04086.
    """
    real, fake = (class_counts(bank, evidence.mixture) for bank in (evidence.real, evidence.fake))
    value, variance = mode_kl(real, fake)
    if not np.isfinite(value):
        raise Undefined("the fakes are given per class that no real image is predicted to be")
    rng = numpy_stream(evidence.seed, "permutation-modes")
    drawn = rng.multivariate_hypergeometric(real + fake, int(fake.sum()), PERMUTATIONS)
    null = np.array([mode_kl(real + fake - some, some)[0] for some in drawn])
    p_value = permutation_p_value(value, null)
    null = null[np.isfinite(null)]
    low, high = squared_distance(value, null, variance).interval(evidence.level)
    kind: Interval = "permutation" if p_value > 1 - evidence.level and len(null) else "delta"
    details = {"p_value": p_value, "fake": fake.tolist(), "real": real.tolist()}
    return Measurement(value, (kind, max(0.0, low), high), evidence.rows, details=details)
