"""The Inception Score with a delta-method interval, and its ten-split form for comparison with published numbers."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int64
from scipy.special import rel_entr, xlogy

from gantlet.core.errors import TooFewSamples
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.probabilities import ClassProbabilities, normalised

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

    Convention: torch-fidelity's, with the permutation given; fewer samples per split bias the score downwards.
    Raises: TooFewSamples (fewer than 2 rows per split). Source: Salimans et al. 2016, arXiv:1606.03498.
    """
    n = len(probabilities)
    if n < 2 * splits:
        raise TooFewSamples(
            f"{counted(splits, 'split', 'need')} {counted(2 * splits, 'fake sample')}; got {n}. Give more images or use fewer splits"
        )
    return mean_over_parts(probabilities, [order[i * n // splits : (i + 1) * n // splits] for i in range(splits)])[:2]


def mean_over_parts(
    probabilities: Float[np.ndarray, "n k"], parts: Sequence[Int64[np.ndarray, " _"]]
) -> tuple[float, float, float]:
    """Return mean and population standard deviation of IS over parts, and the variance of that mean (delta method)."""
    found = [log_inception_score(ClassProbabilities.of(probabilities[part])) for part in parts]
    scores = np.exp([score for score, _ in found])
    variance = float(np.square(scores) @ np.array([variance for _, variance in found])) / len(found) ** 2
    return float(scores.mean()), float(scores.std()), variance


def in_parts(
    evidence: Evidence, probabilities: Float[np.ndarray, "n k"], splits: int, chunk: int, shuffle: int
) -> Measurement:
    """Return the score as papers print it: the mean over parts, with the interval of that mean."""
    n = len(probabilities)
    order = np.arange(n) if shuffle < 0 else np.random.RandomState(shuffle).permutation(n)
    edges = [*range(0, n, chunk), n] if chunk else [i * n // splits for i in range(splits + 1)]
    parts = [order[start:stop] for start, stop in pairwise(edges)]
    if min(len(part) for part in parts) < 2:
        raise TooFewSamples(
            f"{counted(len(parts), 'part', 'need')} 2 fake images each; got {counted(n, 'image')}. Give more images"
        )
    value, spread, variance = mean_over_parts(probabilities, parts)
    low, high = normal(value, variance, evidence.level)
    return Measurement(
        value,
        ("delta", max(1.0, low), high),
        Rows(0, evidence.rows.fake),
        details={"parts": len(parts), "parts_std": spread},
    )


def influence(evidence: Evidence) -> Influence:
    """Return IS · KL(p(y|x) ‖ p(y)) at every fake row."""
    assert evidence.fake.probabilities is not None
    p, marginal = normalised(evidence.fake.probabilities), evidence.fake_classes.marginal
    score = float(np.exp(log_inception_score(evidence.fake_classes)[0]))
    return Influence(fake=score * rel_entr(p, marginal).sum(axis=1))


@METRICS.register(
    "inception_score",
    source="Salimans et al. 2016, arXiv:1606.03498",
    needs=("class_statistics",),
    unit="effective classes",
    lower_is_better=False,
    margin=0.1,
    beyond="images that are easier than real ones do that",
    misled="it sees no real images",
    version=1,
    influence=influence,
)
def estimate(evidence: Evidence, splits: int = 0, chunk: int = 0, shuffle: int = -1) -> Measurement:
    """Inception Score: the exponential of the mutual information between a fake image and its predicted class.

    IS = exp E_x KL(p(y|x) ‖ p(y)), over all n fake images at once; in [1, number of classes]. ``details`` hold
    the mean and spread over ten random splits, the form in which papers print it.

    Options: ``splits`` or ``chunk`` (images in each) make the value the mean over consecutive parts, as published: the
    Inception Score program and torch-fidelity use splits=10,shuffle=2020 (a RandomState's permutation; −1: none),
    guided-diffusion chunk=5000.

    Interval: delta method on log IS (the influence function is KL(p(y|x) ‖ p(y)) itself), then exponentiated.

    When it lies: it never looks at real images, so one perfect image per class scores full marks. It depends on the
    classifier's weights and classes, and means little where the images are not of those classes. It grows with n.

    Source: Salimans et al. 2016, arXiv:1606.03498; criticism: Barratt & Sharma 2018, arXiv:1801.01973.
    """
    rows = evidence.fake_bank.rows
    probabilities = None if rows is None else rows.probabilities
    if splits or chunk:
        if probabilities is None:
            raise Undefined("a statistics file holds no rows to cut into parts")
        return in_parts(evidence, probabilities, splits, chunk, shuffle)
    log_score, variance = log_inception_score(evidence.fake_classes)
    low, high = normal(log_score, variance, evidence.level)
    details = {"log_standard_error": variance**0.5}
    notes: tuple[str, ...] = ()
    if probabilities is not None and len(probabilities) >= 2 * SPLITS:
        order = numpy_stream(evidence.seed, "splits").permutation(len(probabilities))
        details["splits_mean"], details["splits_std"] = inception_score_splits(probabilities, order)
    else:
        notes = (f"fewer than {2 * SPLITS} fake images: no ten-split form",)
    return Measurement(
        float(np.exp(log_score)),
        ("delta", float(np.exp(max(low, 0.0))), float(np.exp(high))),
        Rows(0, evidence.rows.fake),
        details=details,
        notes=notes,
    )
