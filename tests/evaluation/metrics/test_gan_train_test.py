"""GAN-train and GAN-test are accuracies with SciPy's Wilson interval."""

import numpy as np
import pytest
from scipy import stats

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence, Predictions
from gantlet.evaluation.metrics.gan_test import gan_test
from gantlet.evaluation.metrics.gan_train import gan_train
from gantlet.evaluation.stats.feature_bank import FeatureBank


def told(wrong: int) -> Predictions:
    true = np.arange(40) % 4
    return Predictions(true, np.where(np.arange(40) < wrong, (true + 1) % 4, true), "forty images")


def test_accuracies_and_intervals() -> None:
    bank = FeatureBank(np.eye(3, dtype=np.float32))
    evidence = Evidence(bank, bank, given={"train_on_real": told(4), "train_on_fake": told(10)})
    for name, right in (("gan_test", 36), ("gan_train", 30)):
        estimate = compute(evidence, [name])[0]
        expected = stats.binomtest(right, 40).proportion_ci(0.95, method="wilson")
        assert (estimate.value, estimate.interval) == (right / 40, "wilson")
        assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
        assert estimate.details == {"n_classified": 40, "trained_on": "forty images"}


def test_without_predictions_the_reason_is_given() -> None:
    bank = FeatureBank(np.eye(3, dtype=np.float32))
    for estimate in compute(Evidence(bank, bank), ["gan_test", "gan_train"]):
        assert estimate.value is None
        assert "labels" in estimate.notes[0]


@pytest.mark.parametrize("metric", [gan_test, gan_train])
def test_no_images(metric: object) -> None:
    nothing = Predictions(np.zeros(0, np.int64), np.zeros(0, np.int64), "nothing")
    with pytest.raises(TooFewSamples):
        metric(nothing)  # type: ignore[operator]
