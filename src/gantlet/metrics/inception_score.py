"""The Inception Score with a delta-method interval, and its ten-split form for comparison with published numbers."""

import numpy as np
from jaxtyping import Float, Int64
from scipy.special import xlogy

from gantlet.errors import TooFewSamples
from gantlet.metrics import METRICS
from gantlet.results import Estimate
from gantlet.rng import numpy_stream
from gantlet.stats.evidence import Evidence
from gantlet.stats.intervals import normal
from gantlet.stats.probabilities import ClassProbabilities

SPLITS = 10


def log_inception_score(fake: ClassProbabilities) -> tuple[float, float]:
    """Return log IS = E KL(p(y|x) ‖ p(y)) in nats and the variance of its estimate.

    The influence function of x is KL(p(y|x) ‖ p(y)), centred; it is linear in the statistics kept.

    Returns: (in [0, log k], variance). Raises: TooFewSamples (n < 2). Source: Salimans et al. 2016, arXiv:1606.03498,
    Sec. 4.
    """
    if fake.n < 2:
        raise TooFewSamples(f"the Inception Score needs 2 fake samples; got {fake.n}. Give more images")
    p = fake.marginal
    value = fake.negative_entropy - float(xlogy(p, p).sum())
    weights = -np.log(p, out=np.zeros_like(p), where=p > 0)
    return max(value, 0.0), fake.variance(weights, 1.0) / fake.n


def inception_score_splits(
    probabilities: Float[np.ndarray, "n k"], order: Int64[np.ndarray, " n"], splits: int = SPLITS
) -> tuple[float, float]:
    """Return mean and population standard deviation of IS over consecutive splits [i·n//s, (i+1)·n//s) of ``order``.

    Convention: torch-fidelity's, with the permutation given; fewer samples a split bias the score downwards.
    Raises: TooFewSamples (fewer than 2 rows a split). Source: Salimans et al. 2016, arXiv:1606.03498.
    """
    n = len(probabilities)
    if n < 2 * splits:
        raise TooFewSamples(
            f"{splits} splits need {2 * splits} fake samples; got {n}. Give more images or use fewer splits"
        )
    parts = [order[i * n // splits : (i + 1) * n // splits] for i in range(splits)]
    scores = [np.exp(log_inception_score(ClassProbabilities.of(probabilities[part]))[0]) for part in parts]
    return float(np.mean(scores)), float(np.std(scores))


@METRICS.register(
    "inception_score",
    source="Salimans et al. 2016, arXiv:1606.03498",
    needs=("probabilities",),
    unit="effective classes",
    lower_is_better=False,
    version=1,
)
def estimate(evidence: Evidence) -> Estimate:
    """Inception Score: the exponential of the mutual information between a fake image and its predicted class.

    IS = exp E_x KL(p(y|x) ‖ p(y)), over all n fake images at once; in [1, number of classes]. ``details`` hold
    the mean and spread over ten random splits, the form in which papers print it.

    Interval: delta method on log IS (the influence function is KL(p(y|x) ‖ p(y)) itself), then exponentiated.

    When it lies: it never looks at real images, so one perfect image a class scores full marks. It depends on the
    classifier's weights and classes, and means little where the images are not of those classes. It grows with n.

    Source: Salimans et al. 2016, arXiv:1606.03498; criticism: Barratt & Sharma 2018, arXiv:1801.01973.
    """
    probabilities = evidence.fake.probabilities
    assert probabilities is not None
    log_score, variance = log_inception_score(evidence.fake_classes)
    low, high = normal(log_score, variance, evidence.level)
    details = {"log_standard_error": variance**0.5}
    notes: tuple[str, ...] = ()
    if len(probabilities) >= 2 * SPLITS:
        order = numpy_stream(evidence.seed, "splits").permutation(len(probabilities))
        details["splits_mean"], details["splits_std"] = inception_score_splits(probabilities, order)
    else:
        notes = (f"fewer than {2 * SPLITS} fake images: no ten-split form",)
    return Estimate(
        "inception_score",
        float(np.exp(log_score)),
        float(np.exp(max(low, 0.0))),
        float(np.exp(high)),
        "delta",
        evidence.level,
        evidence.real.n,
        evidence.fake.n,
        details=details,
        notes=notes,
    )
