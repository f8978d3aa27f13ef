"""GAN-test: accuracy, on fake images, of a classifier trained on real ones."""

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.evidence import Evidence, Predictions
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS


def gan_test(predictions: Predictions) -> float:
    """Return the accuracy of a classifier trained on real images, on fake ones, in [0, 1]; raises TooFewSamples (none).

    Source: Shmelkov et al. 2018, arXiv:1807.09499, Sec. 3.
    """
    if len(predictions.true) == 0:
        raise TooFewSamples("gan_test needs 1 classified image; got 0. Give labelled images")
    return float((predictions.true == predictions.predicted).mean())


def influence(evidence: Evidence) -> Influence:
    """Return whether each fake was recognised, with the classifier given."""
    return Influence(fake=evidence.predictions("train_on_real").correct)


@METRICS.register(
    "gan_test",
    source="Shmelkov et al. 2018, arXiv:1807.09499",
    needs=("train_on_real",),
    unit="accuracy",
    any_n=True,
    lower_is_better=False,
    measures="generated images whose class a classifier trained on real ones sees",
    margin=0.1,
    beyond="images that are easier than real ones do that",
    misled="it rises when variety is given up",
    version=2,
    estimand="fresh fakes, given the trained classifier",
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Accuracy, on fake images, of a classifier trained on real ones.

    The share of fake images that are recognised as the class they were generated for: a kind of precision.

    Interval: Wilson over the fake images, with the trained classifier fixed.

    When it lies: one perfect image per class scores 1. Accuracy above that on held-out real images means the fakes are
    easier than life. Needs a conditional generator.

    Source: Shmelkov et al. 2018, arXiv:1807.09499, Sec. 3.
    """
    predictions = evidence.predictions("train_on_real")
    value, n = gan_test(predictions), len(predictions.true)
    low, high = wilson(float((predictions.true == predictions.predicted).sum()), n, evidence.level)
    return Measurement(
        value,
        ("wilson", low, high),
        Rows(predictions.n_trained, n),
        details={"n_classified": n, "trained_on": predictions.trained_on},
        notes=predictions.notes,
    )
