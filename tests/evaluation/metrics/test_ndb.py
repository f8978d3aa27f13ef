"""NDB against SciPy's chi-squared test of each bin; planted missing modes."""

import numpy as np
import pytest
from covering import Case, covers, misses
from draws import rows, two
from scipy.stats import chi2_contingency

from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.ndb import bin_scores, ndb
from gantlet.evaluation.stats.feature_bank import FeatureBank


def test_scores_are_roots_of_chi_squared() -> None:
    real, fake = np.array([40, 30, 20, 10, 0]), np.array([10, 30, 5, 4, 0])
    scores = bin_scores(real, fake)
    assert scores[4] == 0
    for z, r, f in zip(scores[:4], real, fake, strict=False):
        expected = chi2_contingency([[r, 100 - r], [f, 49 - f]], correction=False)
        assert z**2 == pytest.approx(expected.statistic, rel=1e-10)
        assert ndb(np.array([z]))[0] == (expected.pvalue < 0.05)
    assert (np.sign(scores[:4]) == np.sign(fake[:4] / 49 - real[:4] / 100)).all()


def test_missing_bins_are_named_and_the_null_is_near_five_per_cent() -> None:
    rng = np.random.default_rng(0)
    real, other = (rng.standard_normal((2000, 3)).astype(np.float32) for _ in range(2))
    null = compute(Evidence(FeatureBank(real), FeatureBank(other)), ["ndb"])[0]
    # 100 bins at 5 %: mean 5, sd 2.2; bins fitted to the real images add a little.
    assert null.value is not None and null.value <= 0.15
    half = other[other[:, 0] > 0]
    dropped = compute(Evidence(FeatureBank(real), FeatureBank(half)), ["ndb"])[0]
    assert dropped.low is not None and dropped.low > 0.4
    assert len(dropped.details["missing"]) > 20
    assert all(dropped.details["fake"][b] == 0 for b in dropped.details["missing"])
    assert sum(dropped.details["fake"]) == len(half)


@pytest.mark.parametrize("shift", [0.0, 0.3])
@covers("ndb")
def test_the_interval_covers_the_mean_of_fresh_draws(shift: float) -> Case:
    return Case(two(2000, 3, shift))


@misses("100 %", "bins that are sure to differ do not vary, so the count varies less than a binomial one")
@covers("ndb", given="the real images and their bins")
def test_the_interval_covers_the_mean_over_fresh_fakes_far_away() -> Case:
    real = rows(np.random.default_rng(5), 2000, 3)
    return Case(lambda repeat: Evidence(real, rows(np.random.default_rng([6, repeat]), 2000, 3, 0.7), seed=0))
