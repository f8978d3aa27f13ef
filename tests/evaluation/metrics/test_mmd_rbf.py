"""The Gaussian-kernel distance against NumPy over all pairs, and against Xu's formula."""

import numpy as np
import pytest
from covering import Case, covers
from draws import two
from scipy.spatial.distance import cdist

from gantlet.core.errors import DataError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.mmd_rbf import mmd_rbf
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n, 5)) + shift + 10).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_equals_all_pairs(sigma: float) -> None:
    real, fake = rows(120, 0), rows(90, 1, 0.4)
    squares = [cdist(a.astype(np.float64), b, "sqeuclidean") for a, b in ((real, real), (fake, fake), (real, fake))]
    kernels = [np.exp(-square / (2 * sigma**2 * squares[0].mean())) for square in squares]
    means = [(k.sum() - len(k)) / (len(k) * (len(k) - 1)) for k in kernels[:2]]
    found, biased = mmd_rbf(real, fake, sigma, memory=10**6)
    value, variance = found.value, found.variance
    # Float32 exponents: 1e-6 on each kernel value, less on their means.
    assert value == pytest.approx(means[0] + means[1] - 2 * kernels[2].mean(), abs=1e-6)
    xu = kernels[0].mean() + kernels[1].mean() - 2 * kernels[2].mean()  # MMD², of which Xu takes the root
    assert biased == pytest.approx(xu, abs=1e-6)
    assert variance > 0


def test_is_unbiased_at_the_null() -> None:
    draws = [mmd_rbf(rows(60, 2 * s), rows(60, 2 * s + 1)) for s in range(100)]
    values = np.array([found.value for found, _ in draws])
    # The mean of 100 unbiased draws lies within 3.5 standard errors of 0.
    assert abs(values.mean()) < 3.5 * values.std() / 10
    assert np.mean([found.variance for found, _ in draws]) >= values.var() * 0.7


def test_equal_real_rows_are_refused_and_a_difference_is_found() -> None:
    with pytest.raises(DataError, match="equal"):
        mmd_rbf(np.ones((4, 2), np.float32), np.ones((4, 2), np.float32))
    found = compute(Evidence(FeatureBank(rows(200, 0)), FeatureBank(rows(200, 1, 0.5))), ["mmd_rbf"])[0]
    assert found.low is not None and found.low > 0


@pytest.mark.parametrize("shift", [0.0, 0.4])
@covers("mmd_rbf")
def test_the_interval_covers_the_mean_of_fresh_draws(shift: float) -> Case:
    return Case(two(300, 4, shift))
