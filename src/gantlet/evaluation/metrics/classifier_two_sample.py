"""The classifier two-sample test: can a linear classifier tell real from fake on images it has not seen?"""

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from scipy.special import ndtr

from gantlet.core.errors import TooFewSamples
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS

FOLDS = 5
CAP = 1000
CORRELATION = 0.12
"""Of the accuracies of two folds, whose classifiers share most of their images. Nadeau & Bengio take 1/folds, which is too much where
there are many images per feature; measured over fresh draws: 0 (n = 500, d = 4, away) to .15 (clusters, n = 60)."""
SHARED = 1 + FOLDS * CORRELATION / (1 - CORRELATION)
"""The variance of a mean over five folds, over that of as many answers of independent classifiers."""


def classifier_two_sample(
    real: Float32[np.ndarray, "n d"], fake: Float32[np.ndarray, "n d"], folds: int = FOLDS
) -> tuple[Bool[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Return which real and which fake rows a logistic regression, trained without their fold, calls rightly.

    Row i belongs to fold i mod ``folds`` (give rows in random order). Features are standardised by the training
    folds; penalty |w|²/2 against the sum of log-losses (C = 1), L-BFGS. A tie says real.

    Raises: TooFewSamples (fewer rows per side than 2·folds). Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545, Sec. 3.
    """
    if min(len(real), len(fake)) < 2 * folds:
        raise TooFewSamples(
            f"{folds}-fold cross-fitting needs {counted(2 * folds, 'sample')} per side; got real={len(real)}, fake={len(fake)}"
        )
    x = np.concatenate([real, fake]).astype(np.float64)
    is_fake = np.arange(len(x)) >= len(real)
    fold = np.concatenate([np.arange(len(real)), np.arange(len(fake))]) % folds
    right = np.empty(len(x), dtype=bool)
    for held_out in range(folds):
        test = fold == held_out
        right[test] = _scores(x, is_fake, fold, held_out) > 0
        right[test] = right[test] == is_fake[test]
    return right[: len(real)], right[len(real) :]


def _scores(
    x: Float64[np.ndarray, "n d"], is_fake: Bool[np.ndarray, " n"], fold: Int64[np.ndarray, " n"], held_out: int
) -> Float64[np.ndarray, " t"]:
    from sklearn.linear_model import LogisticRegression

    train = fold != held_out
    mean, spread = x[train].mean(axis=0), x[train].std(axis=0)
    spread[spread == 0] = 1.0
    model = LogisticRegression(C=1.0, tol=1e-4, max_iter=1000).fit((x[train] - mean) / spread, is_fake[train])
    scores: Float64[np.ndarray, " t"] = model.decision_function((x[~train] - mean) / spread)
    return scores


@METRICS.register(
    "classifier_two_sample",
    source="Lopez-Paz & Oquab 2017, arXiv:1610.06545",
    needs=("features",),
    unit="accuracy; 0.5 is ideal",
    lower_is_better=True,
    version=2,
    unpaired="a classifier is trained anew for each side",
)
def estimate(evidence: Evidence) -> Measurement:
    """Accuracy of a logistic regression that tells real from fake on images it was not trained on; 0.5 is ideal.

    Five-fold cross-fitting on equal numbers of both (at most 1,000 a side, random, seeded), standardised features,
    C = 1; ``details`` hold the accuracy on real and on fake images and the p-value against a half.

    Interval: Wilson, over as many answers as are worth those of independent classifiers: the five share most of the images that
    they learn from, so that their accuracies are correlated, taken as by .12; the variance is 1.68 times as large. The p-value has it too.

    When it lies: a small shift in one of many features is enough for 1, long before an eye would see it. A linear
    boundary misses what means alone do not show. With n near d it is underfitted: 0.5 is no proof of equality.

    Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545, Sec. 3; variance: Nadeau & Bengio 2003, Machine Learning 52, Sec. 3, with a smaller correlation, measured.
    """
    real, fake, notes = evidence.sample(CAP, balanced=True)
    right_real, right_fake = classifier_two_sample(real.features, fake.features)
    right, n = int(right_real.sum() + right_fake.sum()), 2 * real.n
    details = {
        "real": float(right_real.mean()),
        "fake": float(right_fake.mean()),
        "p_value": float(ndtr((0.5 - right / n) * 2 * (n / SHARED) ** 0.5)),
        "effective_n": n / SHARED,
    }
    interval = wilson(right / SHARED, n / SHARED, evidence.level)
    return Measurement(right / n, ("wilson", *interval), Rows(real.n, fake.n), details=details, notes=notes)
