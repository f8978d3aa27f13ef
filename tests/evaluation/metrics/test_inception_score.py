"""The Inception Score against torch-fidelity, closed forms and the bootstrap."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from covering import Case, covers, value
from draws import unsure

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.inception_score import inception_score_splits, log_inception_score
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.probabilities import ClassProbabilities


def logits(n: int, seed: int = 0) -> torch.Tensor:
    return 3 * torch.randn(n, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def score(probabilities: np.ndarray) -> float:
    return float(np.exp(log_inception_score(ClassProbabilities.of(probabilities))[0]))


@pytest.mark.parametrize("splits", [1, 10])
def test_equals_torch_fidelity(torch_fidelity: Callable[[str], ModuleType], splits: int) -> None:
    expected = torch_fidelity("metric_isc").isc_features_to_metric(logits(503), splits=splits)
    probabilities = logits(503).softmax(dim=1).numpy()
    order = np.random.RandomState(2020).permutation(503)
    mean, std = inception_score_splits(probabilities, order, splits)
    assert mean == pytest.approx(expected["inception_score_mean"], rel=1e-6)
    assert std == pytest.approx(expected["inception_score_std"], rel=1e-6, abs=1e-12)
    if splits == 1:
        assert score(probabilities) == pytest.approx(mean, rel=1e-12)


def test_closed_forms() -> None:
    assert score(np.eye(7)[np.arange(70) % 7]) == pytest.approx(7, rel=1e-12)
    assert score(np.full((30, 7), 1 / 7)) == pytest.approx(1, abs=1e-12)


def test_delta_interval_agrees_with_the_bootstrap() -> None:
    p = logits(800).softmax(dim=1).numpy()
    _, variance = log_inception_score(ClassProbabilities.of(p))
    rng = np.random.default_rng(0)
    resampled = [log_inception_score(ClassProbabilities.of(p[rng.integers(0, 800, 800)]))[0] for _ in range(500)]
    # The sd of 500 resamples has relative error 1/√1000 = 3 %: 12 %.
    assert variance**0.5 == pytest.approx(np.std(resampled), rel=0.12)


def test_few_samples() -> None:
    bank = FeatureBank(np.eye(5, dtype=np.float32), np.eye(5, dtype=np.float32))
    estimate = compute(Evidence(bank, bank), ["inception_score"])[0]
    assert "no ten-split form" in estimate.notes[0]
    with pytest.raises(TooFewSamples, match="got 1"):
        log_inception_score(ClassProbabilities.of(np.eye(3)[:1]))
    with pytest.raises(TooFewSamples, match="20 fake samples"):
        inception_score_splits(np.eye(3), np.arange(3))


@covers("inception_score")
def test_the_interval_covers_the_value_of_a_million_images() -> Case:
    # The truth's own error: the interval at n = 1,000,000 is 1/30 as wide as at n = 1000.
    return Case(unsure(1000), value("inception_score", unsure(1_000_000)(10_000)).value)
