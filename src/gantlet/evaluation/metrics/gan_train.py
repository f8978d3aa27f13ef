"""GAN-train: accuracy, on held-out real images, of a classifier trained on fake ones."""

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.evidence import Evidence, Predictions
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import quantile, wilson
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.subsets import CLASSIFIERS, GIVEN_FAKE, student


def gan_train(predictions: Predictions) -> float:
    """Return the accuracy of a classifier trained on fake images, on real ones, in [0, 1]; raises TooFewSamples (none).

    Source: Shmelkov et al. 2018, arXiv:1807.09499, Sec. 3.
    """
    if len(predictions.true) == 0:
        raise TooFewSamples("gan_train needs 1 classified image; got 0. Give labelled images")
    return float((predictions.true == predictions.predicted).mean())


def influence(evidence: Evidence) -> Influence:
    """Return whether each held-out real image was recognised, with the classifier given."""
    return Influence(real=evidence.predictions("train_on_fake").correct)


@METRICS.register(
    "gan_train",
    source="Shmelkov et al. 2018, arXiv:1807.09499",
    needs=("train_on_fake",),
    unit="accuracy",
    lower_is_better=False,
    measures="real images that a classifier trained on generated ones recognises",
    margin=0.1,
    version=3,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Accuracy, on held-out real images, of a classifier trained on fake ones.

    The share of real images recognised by what was learnt from fakes alone: quality and diversity together.

    Interval: Wilson with an effective number of real images, which takes in how much the accuracy varies over fresh fakes to learn
    from and over seeds: six more classifiers, each trained on a half of the fakes, show it (Student, 5 degrees of freedom).

    When it lies: memorised training images score as well as real training data. The number belongs to the classifier
    and to the number of fakes it was trained on. Needs a conditional generator.

    Source: Shmelkov et al. 2018, arXiv:1807.09499, Sec. 3.
    """
    predictions = evidence.predictions("train_on_fake")
    value, n = gan_train(predictions), len(predictions.true)
    worth, estimand = float(n), GIVEN_FAKE
    further = 0.0
    if predictions.spread is not None and 0 < value < 1:
        further = predictions.spread * (student(evidence.level, CLASSIFIERS) / quantile(evidence.level)) ** 2
        worth, estimand = value * (1 - value) / (value * (1 - value) / n + further), ""
    low, high = wilson(value * worth, worth, evidence.level)
    return Measurement(
        value,
        ("wilson", low, high),
        Rows(n, predictions.n_trained),
        details={
            "n_classified": n,
            "trained_on": predictions.trained_on,
            **({"further_variance": further} if further else {}),
        },
        notes=predictions.notes,
        estimand=estimand,
    )
