"""Authenticity against scikit-learn's nearest neighbours."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.authenticity import authentic
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.neighbours import neighbours


def rows(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 6)).astype(np.float32)


def test_equals_scikit_learn() -> None:
    real, fake = rows(150, 0), rows(120, 1)
    index = NearestNeighbors(algorithm="brute").fit(real.astype(np.float64))
    distance, nearest = index.kneighbors(fake.astype(np.float64), 1)
    own = index.kneighbors(real.astype(np.float64), 2)[0][:, 1]
    np.testing.assert_array_equal(authentic(neighbours(real, fake)), distance[:, 0] > own[nearest[:, 0]])


def test_copies_are_not_authentic_and_far_images_are() -> None:
    real = rows(100, 2)
    half = np.concatenate([real[:30] + np.float32(1e-4), rows(30, 3) + 50])
    found = compute(Evidence(FeatureBank(real), FeatureBank(half)), ["authenticity"])[0]
    assert found.value == pytest.approx(0.5)
    assert found.interval == "wilson"
