"""The AM Score: confident predictions, and class frequencies like the real ones; lower is better."""

import numpy as np
from scipy.special import rel_entr

from gantlet.core.errors import ShapeError, TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.probabilities import ClassProbabilities


def am_score(real: ClassProbabilities, fake: ClassProbabilities) -> tuple[float, float]:
    """Return AM = KL(p_r(y) ‖ p_g(y)) + E_x H(p(y|x)) over fake x, in nats, and the variance of its estimate.

    Influence of a fake x: H(p(·|x)) − Σ_y p(y|x) p_r(y)/p_g(y); of a real x: Σ_y p(y|x) log(p_r(y)/p_g(y)); centred.

    Returns: (≥ 0; ∞ where the fakes never show a class that the real images have, with variance 0).
    Raises: ShapeError (numbers of classes differ), TooFewSamples (n < 2). Source: Zhou et al. 2018, arXiv:1703.02000,
    Sec. 6.2, Eq. 20.
    """
    if len(real.marginal) != len(fake.marginal):
        raise ShapeError(f"real has {len(real.marginal)} classes, fake {len(fake.marginal)}; use one classifier")
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


@METRICS.register(
    "am_score",
    source="Zhou et al. 2018, arXiv:1703.02000",
    needs=("probabilities",),
    unit="nats",
    lower_is_better=True,
    version=1,
    unpaired="its spread is understated where a class is rare: 24 of 100 equal generators had a winner in pairs",
)
def estimate(evidence: Evidence) -> Measurement:
    """AM Score: the mean entropy of a fake's predicted class, plus how far the class frequencies are from the real.

    AM = KL(p_r(y) ‖ p_g(y)) + E_x H(p(y|x)), x generated, natural logarithms; 0 is best.

    Interval: delta method, with the noise of the fake and of the real predictions.

    When it lies: like the Inception Score it sees predicted classes only: one perfect image per class, in the right
    proportions, scores 0. Undefined where a class of the real images has probability 0 in every fake.

    Source: Zhou et al. 2018, arXiv:1703.02000, Sec. 6.2.
    """
    value, variance = am_score(evidence.real_classes, evidence.fake_classes)
    if not np.isfinite(value):
        raise Undefined("a class of the real images has probability 0 in every fake")
    low, high = normal(value, variance, evidence.level)
    details = {"entropy": -evidence.fake_classes.negative_entropy, "standard_error": variance**0.5}
    return Measurement(value, ("delta", max(0.0, low), high), evidence.rows, details=details)
