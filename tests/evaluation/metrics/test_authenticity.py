"""Authenticity against scikit-learn's nearest neighbours."""

import draws
import numpy as np
import pytest
from covering import Case, covers, value
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


def fresh_fakes(repeat: int, n: int = 400) -> Evidence:
    """Return n fresh fakes and always the same training and test images."""
    train, test = (draws.rows(np.random.default_rng(seed), 300, 3) for seed in (1, 2))
    fake = draws.rows(np.random.default_rng([3, repeat]), n, 3, 0.1, 0.9)
    return Evidence(test, fake, seed=0, train=train, test=test)


@covers("authenticity", given="the training images")
def test_the_interval_covers_the_value_of_many_fakes() -> Case:
    return Case(fresh_fakes, value("authenticity", fresh_fakes(10_000, n=50_000)).value)
