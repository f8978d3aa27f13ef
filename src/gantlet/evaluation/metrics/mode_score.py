"""The Mode Score: the Inception Score with a penalty for class frequencies that differ from the real ones."""

import numpy as np
from scipy.special import rel_entr, xlogy

from gantlet.core.errors import ShapeError, TooFewSamples
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.inception_score import log_inception_score
from gantlet.evaluation.stats.probabilities import ClassProbabilities, normalised


def log_mode_score(real: ClassProbabilities, fake: ClassProbabilities) -> tuple[float, float]:
    """Return log MS = E KL(p(y|x) ‖ p_g(y)) − KL(p_g(y) ‖ p_r(y)) over fake x, in nats, and the variance of its
    estimate.

    Influence of a fake x: Σ p log p + p·(log p_r − 2 log p_g); of a real x: p·(p_g/p_r); both centred.

    Returns: (≤ log k; −∞ where a class that the fakes have is absent from the real predictions, with variance 0).
    Raises: ShapeError (numbers of classes differ), TooFewSamples (n < 2). Convention: x is generated; Xu's published
    driver passes real and fake the other way round. Source: Che et al. 2017, arXiv:1612.02136, Eq. 4; Xu et al. 2018,
    arXiv:1806.07755, Sec. 2.2.
    """
    if len(real.marginal) != len(fake.marginal):
        raise ShapeError(
            f"real has {counted(len(real.marginal), 'class')}, fake {len(fake.marginal)}; use one classifier for both"
        )
    if real.n < 2:
        raise TooFewSamples(f"the Mode Score needs 2 real samples; got {real.n}. Give more images")
    p_r, p_g = real.marginal, fake.marginal
    value = log_inception_score(fake)[0] - float(rel_entr(p_g, p_r).sum())
    if not np.isfinite(value):
        return -np.inf, 0.0
    present = p_g > 0
    fake_weights, real_weights = np.zeros_like(p_g), np.zeros_like(p_g)
    fake_weights[present] = np.log(p_r[present]) - 2 * np.log(p_g[present])
    real_weights[present] = p_g[present] / p_r[present]
    return value, fake.variance(fake_weights, 1.0) / fake.n + real.variance(real_weights, 0.0) / real.n


def influence(evidence: Evidence) -> Influence:
    """Return MS times the influence of log MS at every real and fake row."""
    rows = evidence.real.probabilities, evidence.fake.probabilities
    assert rows[0] is not None and rows[1] is not None
    score = float(np.exp(log_mode_score(evidence.real_classes, evidence.fake_classes)[0]))
    p_r, p_g = evidence.real_classes.marginal, evidence.fake_classes.marginal
    present = p_g > 0
    real, fake = normalised(rows[0])[:, present], normalised(rows[1])[:, present]
    p_r, p_g = p_r[present], p_g[present]
    of_fake = xlogy(fake, fake).sum(axis=1) + fake @ (np.log(p_r) - 2 * np.log(p_g))
    return Influence(score * (real @ (p_g / p_r)), score * of_fake)


@METRICS.register(
    "mode_score",
    source="Che et al. 2017, arXiv:1612.02136",
    needs=("class_statistics",),
    unit="effective classes",
    lower_is_better=False,
    margin=0.1,
    beyond="images that are easier than real ones do that",
    version=1,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Mode Score: the Inception Score divided by how far the class frequencies of the fakes are from the real ones.

    MS = exp(E_x KL(p(y|x) ‖ p_g(y)) − KL(p_g(y) ‖ p_r(y))), x generated; equal to IS where the frequencies agree.

    Interval: delta method on log MS, with the noise of the fake and of the real predictions, then exponentiated.

    When it lies: like the Inception Score it sees predicted classes only: one perfect image per class, in the right
    proportions, scores full marks. Undefined where the fakes have a class that no real image is predicted to be.

    Source: Che et al. 2017, arXiv:1612.02136, Eq. 4; Xu et al. 2018, arXiv:1806.07755.
    """
    value, variance = log_mode_score(evidence.real_classes, evidence.fake_classes)
    if not np.isfinite(value):
        raise Undefined("the fakes are given per class that has probability 0 in every real image")
    low, high = np.exp(normal(value, variance, evidence.level))
    return Measurement(
        float(np.exp(value)),
        ("delta", float(low), float(high)),
        evidence.rows,
        details={"log_standard_error": variance**0.5},
    )
