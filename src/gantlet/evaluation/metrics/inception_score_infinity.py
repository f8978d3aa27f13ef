"""IS∞: the Inception Score regressed on 1/n over fifteen sample sizes, read off at 1/n = 0."""

import numpy as np

from gantlet.core.errors import TooFewSamples
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.extrapolation import at_infinity, sample_sizes
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.inception_score import log_inception_score
from gantlet.evaluation.stats.probabilities import ClassProbabilities


@METRICS.register(
    "inception_score_infinity",
    source="Chong & Forsyth 2020, arXiv:1911.07023",
    needs=("probabilities",),
    unit="effective classes",
    lower_is_better=False,
    version=2,
    unpaired="it is extrapolated over random subsets, which no influence function of single rows describes",
)
def estimate(evidence: Evidence) -> Measurement:
    """Inception Score extrapolated to infinitely many fakes by a line in 1/n (IS∞).

    IS(n) ≈ a + b/n by least squares over 15 sizes from 5,000 (from n/2 below 10,000 fakes) to all, each with a fresh
    random subset (seeded); the value is a. ``details``: sizes and scores.

    Interval: delta, that of the plain score about this value (same influence function to first order), widened by the
    standard error ``by_subsets`` that the line has from its random subsets.

    When it lies: as the Inception Score does; only its dependence on n is gone, to first order.

    Source: Chong & Forsyth 2020, arXiv:1911.07023, Sec. 4; random latents, not their Sobol sequence.
    """
    probabilities = evidence.fake.probabilities
    assert probabilities is not None
    n = len(probabilities)
    if n < 20:
        raise TooFewSamples(f"fifteen sizes need 20 fake samples; got {n}")
    rng, order, sizes = numpy_stream(evidence.seed, "infinity"), evidence.orders[1], sample_sizes(n)
    parts = [ClassProbabilities.of(probabilities[order[rng.permutation(n)[:size]]]) for size in sizes]
    scores = np.exp([log_inception_score(part)[0] for part in parts])
    value, by_subsets = at_infinity(sizes, scores)
    log_score, variance = log_inception_score(evidence.fake_classes)
    low, high = normal(value, variance * np.exp(2 * log_score) + by_subsets, evidence.level)
    details = {"sizes": sizes.tolist(), "scores": scores.tolist(), "by_subsets": by_subsets**0.5}
    return Measurement(value, ("delta", low, high), Rows(0, evidence.rows.fake), details=details)
