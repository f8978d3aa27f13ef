"""The Mode Score against its definition, the Inception Score and the bootstrap."""

import numpy as np
import pytest
from covering import Case, covers, value
from draws import unsure

from gantlet.core.errors import ShapeError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.inception_score import log_inception_score
from gantlet.evaluation.metrics.mode_score import log_mode_score
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.probabilities import ClassProbabilities


def some(n: int, seed: int, weights: tuple[float, ...] = (1, 1, 1, 1)) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.array(weights) * 0.4, n)


def log_score(real: np.ndarray, fake: np.ndarray) -> tuple[float, float]:
    return log_mode_score(ClassProbabilities.of(real), ClassProbabilities.of(fake))


def test_equals_the_definition() -> None:
    real, fake = some(300, 0), some(200, 1, (3, 1, 1, 0.5))
    p_r, p_g = real.mean(axis=0), fake.mean(axis=0)
    expected = (fake * np.log(fake / p_g)).sum(axis=1).mean() - (p_g * np.log(p_g / p_r)).sum()
    assert log_score(real, fake)[0] == pytest.approx(expected, rel=1e-10)


def test_equals_the_inception_score_where_the_frequencies_agree() -> None:
    p = some(100, 0)
    assert log_score(p, p)[0] == pytest.approx(log_inception_score(ClassProbabilities.of(p))[0], rel=1e-12)


def test_delta_interval_agrees_with_the_bootstrap() -> None:
    real, fake = some(500, 0), some(600, 1, (3, 1, 1, 0.5))
    _, variance = log_score(real, fake)
    rng = np.random.default_rng(2)
    resampled = [log_score(real[rng.integers(0, 500, 500)], fake[rng.integers(0, 600, 600)])[0] for _ in range(500)]
    # The sd of 500 resamples has relative error 1/√1000 = 3 %: 12 %.
    assert variance**0.5 == pytest.approx(np.std(resampled), rel=0.12)


def test_a_class_that_no_real_image_has_makes_it_undefined() -> None:
    real, fake = np.eye(3, dtype=np.float32)[[0, 1, 0, 1]], np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    features = np.arange(8, dtype=np.float32).reshape(4, 2)
    estimate = compute(Evidence(FeatureBank(features, real), FeatureBank(features, fake)), ["mode_score"])[0]
    assert estimate.value is None
    assert "probability 0 in every real image" in estimate.notes[0]
    defined = compute(Evidence(FeatureBank(features, fake), FeatureBank(features, real)), ["mode_score"])[0]
    assert defined.value == pytest.approx(np.exp(np.log(2) - (np.log(0.5 / 0.25))), rel=1e-9)


def test_numbers_of_classes_must_agree() -> None:
    with pytest.raises(ShapeError, match="3 classes, fake 2"):
        log_score(np.eye(3), np.eye(2))


@covers("mode_score")
def test_the_interval_covers_the_value_of_a_million_images() -> Case:
    # The truth's own error: the interval at n = 1,000,000 is 1/30 as wide as at n = 1000.
    return Case(unsure(1000), value("mode_score", unsure(1_000_000)(10_000)).value)
