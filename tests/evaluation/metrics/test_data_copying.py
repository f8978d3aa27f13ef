"""C_T against SciPy's Mann–Whitney test; planted copies."""

import draws
import numpy as np
import pytest
from covering import Case, covers
from scipy.stats import mannwhitneyu

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.data_copying import data_copying, mann_whitney
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 8)).astype(np.float32)


def test_mann_whitney_equals_scipy_and_its_variance_the_bootstrap() -> None:
    rng = np.random.default_rng(0)
    test, fake = rng.random(80), rng.random(120) + 0.1
    z, influence = mann_whitney(test, fake)
    expected = mannwhitneyu(fake, test, alternative="greater", method="asymptotic", use_continuity=False)
    statistic = (expected.statistic - 80 * 120 / 2) / np.sqrt(80 * 120 * 201 / 12)
    assert z == pytest.approx(statistic, rel=1e-12)
    resampled = [mann_whitney(test[rng.integers(0, 80, 80)], fake[rng.integers(0, 120, 120)])[0] for _ in range(1000)]
    # The sd of 1,000 resamples has relative error 2 %, its bias by 1/n the same: 8 %.
    assert influence.variance**0.5 == pytest.approx(np.std(resampled), rel=0.08)


def test_cells_are_weighted_by_the_test_set_and_thin_ones_left_out() -> None:
    rng = np.random.default_rng(1)
    test, fake = rng.random(60), rng.random(65)
    test_cells, fake_cells = np.repeat([0, 1, 2], [10, 30, 20]), np.repeat([0, 1, 2], [25, 35, 5])
    found = data_copying(test, fake, test_cells, fake_cells)
    zs = [mann_whitney(test[test_cells == c], fake[fake_cells == c])[0] for c in (0, 1)]
    assert found.cells == (zs[0], zs[1], None)
    assert found.value == pytest.approx((10 * zs[0] + 30 * zs[1]) / 40)
    # Σψ²/(n − 1) over all test rows against Σ share²·(1/(n_c − 1)) per cell: at most 1/9 apart
    assert found.influence.variance == pytest.approx(found.variance, rel=0.15)
    with pytest.raises(TooFewSamples, match="65 fakes"):
        data_copying(test, fake, test_cells, np.arange(65))


def test_copies_are_seen_and_honest_draws_are_not() -> None:
    real = rows(600, 0)
    honest = compute(Evidence(FeatureBank(real), FeatureBank(rows(400, 1))), ["data_copying"])[0]
    copied = real[:400] + np.float32(0.01) * rows(400, 2)
    caught = compute(Evidence(FeatureBank(real), FeatureBank(copied)), ["data_copying"])[0]
    assert honest.value is not None and abs(honest.value) < 3
    assert caught.high is not None and caught.high < -3


@covers("data_copying", given="the training images and their cells")
def test_the_interval_covers_the_mean_over_fresh_test_images_and_fakes() -> Case:
    train = draws.rows(np.random.default_rng(1), 300, 3)

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([4, repeat])
        test = draws.rows(rng, 300, 3)
        return Evidence(test, draws.rows(rng, 300, 3, 0.1, 0.9), seed=0, train=train, test=test)

    return Case(draw)
