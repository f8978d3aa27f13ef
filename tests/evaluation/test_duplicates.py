"""Copies inside a set are counted by their pixels; near ones are not."""

import numpy as np
import pytest

from gantlet.evaluation.duplicates import duplicates
from gantlet.evaluation.shared import shared
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.images import ImageRows


def bank(images: np.ndarray, jitter: float = 0.0) -> FeatureBank:
    features = images.reshape(len(images), -1).astype(np.float64)
    features = features * (1 + jitter * np.random.default_rng(1).standard_normal(features.shape))
    return FeatureBank(features.astype(np.float32), images=ImageRows(lambda i: images[i], np.arange(len(images))))


@pytest.mark.parametrize("jitter", [0.0, 1e-6])
def test_copies_are_counted_whatever_the_rounding_of_their_features(jitter: float) -> None:
    images = np.random.default_rng(0).integers(0, 256, (400, 6, 6, 3), dtype=np.uint8)
    assert duplicates(bank(images, jitter)) == 0
    images[300:] = images[np.random.default_rng(2).integers(0, 50, 100)]  # by numpy's own count
    expected = 400 - len(np.unique(images.reshape(400, -1), axis=0))
    assert expected >= 50
    assert duplicates(bank(images, jitter)) == expected
    assert duplicates(bank(np.repeat(images[:1], 30, axis=0), jitter)) == 29


def test_images_with_equal_features_are_no_copies() -> None:
    images = np.zeros((9, 2, 2, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(9) // 3
    features = np.ones((9, 4), np.float32)
    assert duplicates(FeatureBank(features, images=ImageRows(lambda i: images[i], np.arange(9)))) == 6


def test_points_are_compared_by_their_coordinates() -> None:
    points = np.random.default_rng(3).standard_normal((50, 2)).astype(np.float32)
    assert duplicates(FeatureBank(points)) == 0
    assert duplicates(FeatureBank(np.concatenate([points, points[:7]]))) == 7
    assert duplicates(FeatureBank(points[:1])) == 0


@pytest.mark.parametrize("jitter", [0.0, 1e-6])
def test_rows_of_one_set_that_equal_rows_of_another(jitter: float) -> None:
    images = np.random.default_rng(4).integers(0, 256, (300, 6, 6, 3), dtype=np.uint8)
    others = np.random.default_rng(5).integers(0, 256, (200, 6, 6, 3), dtype=np.uint8)
    assert shared(bank(others), bank(images, jitter)).rows.shape == (0, 2)
    others[150:] = images[np.arange(50) % 20 + 7]  # some of them twice or more
    expected = [[150 + i, i % 20 + 7] for i in range(50)]
    assert shared(bank(others), bank(images, jitter)).rows.tolist() == expected
