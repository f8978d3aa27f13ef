"""The AM Score: confident predictions, and class frequencies like the real ones; lower is better."""

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import gammaincinv, rel_entr, xlogy

from gantlet.core.errors import ShapeError, TooFewSamples
from gantlet.core.numerics.distances import row_chunks
from gantlet.core.results.estimate import Interval
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import quantile
from gantlet.evaluation.measurement import NO_BOUNDS, Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.probabilities import ClassProbabilities, normalised

DRAWS = 300
FEW = 5
"""Images of a class below which its share among the fakes may be far above what they show."""


def am_score(real: ClassProbabilities, fake: ClassProbabilities) -> tuple[float, float]:
    """Return AM = KL(p_r(y) ‖ p_g(y)) + E_x H(p(y|x)) over fake x, in nats, and the variance of its estimate.

    Influence of a fake x: H(p(·|x)) − Σ_y p(y|x) p_r(y)/p_g(y); of a real x: Σ_y p(y|x) log(p_r(y)/p_g(y)); centred.

    Returns: (≥ 0; ∞ where the fakes never show a class that the real images have, with variance 0).
    Raises: ShapeError (numbers of classes differ), TooFewSamples (n < 2). Source: Zhou et al. 2018, arXiv:1703.02000,
    Sec. 6.2, Eq. 20.
    """
    if len(real.marginal) != len(fake.marginal):
        raise ShapeError(
            f"real has {counted(len(real.marginal), 'class')}, fake {len(fake.marginal)}; use one classifier"
        )
    if min(real.n, fake.n) < 2:
        raise TooFewSamples(
            f"the AM Score needs 2 samples per side; got real={real.n}, fake={fake.n}. Give more images"
        )
    p_r, p_g = real.marginal, fake.marginal
    value = float(rel_entr(p_r, p_g).sum()) - fake.negative_entropy
    if not np.isfinite(value):
        return np.inf, 0.0
    present = p_r > 0
    fake_weights, real_weights = np.zeros_like(p_g), np.zeros_like(p_g)
    fake_weights[present] = -p_r[present] / p_g[present]
    real_weights[present] = np.log(p_r[present] / p_g[present])
    return max(value, 0.0), fake.variance(fake_weights, -1.0) / fake.n + real.variance(real_weights, 0.0) / real.n


def resampled(evidence: Evidence, draws: int = DRAWS) -> Float64[np.ndarray, " b"]:
    """Return AM of bootstrap draws of both sides' rows (Poisson weights, so that few rows are held); infinite ones are left out.

    Its logarithm's spread holds what the delta method leaves out where a class is rare: the logarithm of few images.
    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, Ch. 13; Chamandy et al. 2012 for the weights.
    """
    rng = numpy_stream(evidence.seed, "bootstrap-am")
    sides = zip((evidence.real, evidence.fake), evidence.orders, strict=True)
    real, fake = (_means(bank, order, rng, draws) for bank, order in sides)
    values = rel_entr(real[:, :-1], fake[:, :-1]).sum(axis=1) - fake[:, -1]
    return np.asarray(values[np.isfinite(values) & (values > 0)])


def _means(
    bank: FeatureBank, order: Int64[np.ndarray, " n"], rng: np.random.Generator, draws: int
) -> Float64[np.ndarray, "b c"]:
    """Return means of the rows [p(·|x), Σ_y p(y|x) log p(y|x)] under random weights, given in an order of the rows' own."""
    assert bank.probabilities is not None
    sums, weight = np.zeros((draws, bank.probabilities.shape[1] + 1)), np.zeros((draws, 1))
    for rows in row_chunks(bank.n):
        p = normalised(bank.probabilities[order[rows]])
        drawn = rng.poisson(1.0, (draws, len(p))).astype(np.float64)
        sums += drawn @ np.column_stack([p, xlogy(p, p).sum(axis=1)])
        weight += drawn.sum(axis=1, keepdims=True)
    return sums / np.maximum(weight, 1.0)


def unseen_classes(real: ClassProbabilities, fake: ClassProbabilities, level: float) -> float:
    """Return how much too large AM may be because the fakes show some classes in fewer than five images, in nats.

    Σ_y p(y|x) over the fakes, c, is taken as a Poisson count, which may be as large as U = χ²(2c + 2)/2 at (1 + level)/2; the class adds
    p_r log(U/c), and the classes join as the root of the sum of squares. No bootstrap shows this: it holds no image that was not drawn.
    Source: Garwood 1936, "Fiducial limits for the Poisson distribution".
    """
    count = fake.n * fake.marginal
    few = (real.marginal > 0) & (count < FEW)
    most = gammaincinv(count[few] + 1, 0.5 + level / 2)
    return float(np.linalg.norm(real.marginal[few] * np.log(most / count[few])))


@METRICS.register(
    "am_score",
    source="Zhou et al. 2018, arXiv:1703.02000",
    needs=("probabilities",),
    unit="nats",
    lower_is_better=True,
    version=4,
    unpaired="its influence function understates the spread where a class is rare: 24 of 100 equal generators had a winner in pairs",
)
def estimate(evidence: Evidence) -> Measurement:
    """AM Score: the mean entropy of a fake's predicted class, plus how far the class frequencies are from the real.

    AM = KL(p_r(y) ‖ p_g(y)) + E_x H(p(y|x)), x generated, natural logarithms; 0 is best.

    Interval: the normal quantile times the spread of log AM over 300 bootstrap draws of both sides' rows (seeded), then
    exponentiated; below, joined by what classes of fewer than five fakes may add. Of statistics files, which hold no rows: delta method
    on log AM.

    When it lies: like the Inception Score it sees predicted classes only: one perfect image per class, in the right
    proportions, scores 0. Undefined where a class of the real images has probability 0 in every fake.

    Source: Zhou et al. 2018, arXiv:1703.02000, Sec. 6.2.
    """
    value, variance = am_score(evidence.real_classes, evidence.fake_classes)
    if not np.isfinite(value):
        raise Undefined("a class of the real images has probability 0 in every fake")
    details = {"entropy": -evidence.fake_classes.negative_entropy, "standard_error": variance**0.5}
    if value == 0:
        return Measurement(value, NO_BOUNDS, evidence.rows, details=details)
    kind: Interval = "delta"
    spread = variance**0.5 / value
    if evidence.has_rows:
        kind, spread = "bootstrap", float(np.log(resampled(evidence)).std())
    ratio = float(np.exp(quantile(evidence.level) * spread))
    down = np.hypot(value - value / ratio, unseen_classes(evidence.real_classes, evidence.fake_classes, evidence.level))
    return Measurement(value, (kind, max(0.0, value - float(down)), value * ratio), evidence.rows, details=details)
