"""The Parzen window against scikit-learn's kernel density; its warning."""

import numpy as np
import pytest
from covering import Case, covers
from draws import unseen_images
from sklearn.neighbors import KernelDensity

from gantlet.core.errors import DataError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.parzen_log_likelihood import best_width, parzen_log_likelihoods, squared_distances
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32)


def test_equals_scikit_learns_density() -> None:
    real, fake = rows(40, 0), rows(60, 1)
    expected = KernelDensity(bandwidth=0.4).fit(fake.astype(np.float64)).score_samples(real.astype(np.float64))
    # Squared distances by products lose 1e-13 of |x|².
    np.testing.assert_allclose(parzen_log_likelihoods(squared_distances(real, fake), 0.4, 3), expected, rtol=1e-9)


def test_the_width_is_the_best_of_a_grid() -> None:
    squared = squared_distances(rows(150, 2), rows(200, 3))
    grid = np.exp(np.linspace(np.log(0.05), np.log(3), 200))
    best = grid[np.argmax([parzen_log_likelihoods(squared, s, 3).mean() for s in grid])]
    # The grid's step is 2 %.
    assert best_width(squared, 3) == pytest.approx(best, rel=0.03)
    with pytest.raises(DataError, match="exactly"):
        best_width(np.zeros((4, 4)), 3)


def test_a_gaussian_is_near_its_true_likelihood_in_three_dimensions_and_the_warning_stands() -> None:
    found = compute(Evidence(FeatureBank(rows(2000, 4)), FeatureBank(rows(2000, 5))), ["parzen_log_likelihood"])[0]
    # −3/2·log(2πe) = −4.257; smoothing costs some hundredths, 1,000 test images have se 0.04.
    assert found.value == pytest.approx(-1.5 * np.log(2 * np.pi * np.e), abs=0.25)
    assert "misleading" in found.notes[0]


@covers("parzen_log_likelihood", given="the training images and the fakes")
def test_the_interval_covers_the_mean_over_fresh_test_images() -> Case:
    return Case(unseen_images())
