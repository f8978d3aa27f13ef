"""The classifier two-sample test against scikit-learn's cross-validation and the best possible accuracy."""

import numpy as np
import pytest
from covering import Case, covers
from draws import two
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.classifier_two_sample import classifier_two_sample
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    features = np.random.default_rng(seed).standard_normal((n, 4)) * [1, 10, 0.1, 1]
    features[:, 0] += shift
    return features.astype(np.float32)


def test_equals_scikit_learns_cross_validation() -> None:
    real, fake = rows(100, 0), rows(100, 1, 0.8)
    x, y = np.concatenate([real, fake]).astype(np.float64), np.arange(200) >= 100
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
    predicted = cross_val_predict(model, x, y, cv=PredefinedSplit(np.arange(200) % 5))
    np.testing.assert_array_equal(np.concatenate(classifier_two_sample(real, fake)), predicted == y)


def test_reaches_the_best_possible_accuracy() -> None:
    # Two unit Gaussians at distance 1.5: the best accuracy is Φ(0.75); 2,000 answers: binomial sd 0.0094; 3 of them.
    found = compute(Evidence(FeatureBank(rows(2000, 2)), FeatureBank(rows(2000, 3, 1.5))), ["classifier_two_sample"])[0]
    assert found.value == pytest.approx(norm.cdf(0.75), abs=0.03)
    assert found.details["p_value"] < 1e-9


def test_the_null_is_a_half_and_few_rows_are_refused() -> None:
    found = compute(Evidence(FeatureBank(rows(900, 4)), FeatureBank(rows(700, 5))), ["classifier_two_sample"])[0]
    assert found.low is not None and found.high is not None
    # 1,400 answers, sd 0.013; cross-fitting leans below a half.
    assert found.value == pytest.approx(0.5, abs=0.05)
    assert "700 real and 700 fake" in found.notes[0]
    with pytest.raises(TooFewSamples, match="real=9"):
        classifier_two_sample(rows(9, 0), rows(9, 1))


@pytest.mark.parametrize(("n", "shift"), [(500, 0.4), (200, 0.0)])
@covers("classifier_two_sample")
def test_the_interval_covers_the_mean_of_fresh_draws(n: int, shift: float) -> Case:
    return Case(two(n, 4, shift))


@pytest.mark.slow
def test_equal_sides_are_told_apart_no_more_often_than_the_level_says() -> None:
    # 300 draws at 5 %: binomial sd 1.3 %; 9 % is 3 of them above. With a binomial test of all answers it is .12.
    found = [compute(two(200, 4, 0.0)(seed), ["classifier_two_sample"])[0].details["p_value"] for seed in range(300)]
    assert np.mean(np.array(found) <= 0.05) <= 0.09
