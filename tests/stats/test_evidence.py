"""Evidence: shared statistics agree with each other and do not depend on the order of rows."""

import numpy as np
import pytest

from gantlet.errors import ShapeError
from gantlet.stats.evidence import Evidence
from gantlet.stats.feature_bank import FeatureBank
from gantlet.stats.moments import Moments


def bank(n: int, seed: int) -> FeatureBank:
    return FeatureBank(np.random.default_rng(seed).standard_normal((n, 4)).astype(np.float32))


def test_quarters_merge_to_the_whole_and_differ_by_at_most_one_row() -> None:
    evidence = Evidence(bank(42, 0), bank(35, 1))
    for quarters, side in zip(evidence.quarters, (evidence.real, evidence.fake), strict=True):
        whole = Moments.identity(4)
        for quarter in quarters:
            whole = whole.merge(quarter)
        assert whole.n == side.n
        assert max(q.n for q in quarters) - min(q.n for q in quarters) <= 1
        # Float64 sums of 42 numbers of size 1.
        np.testing.assert_allclose(whole.cov, side.moments.cov, atol=1e-13)


def test_orders_are_permutations_that_follow_the_rows_and_the_seed() -> None:
    real, fake = bank(42, 0), bank(35, 1)
    shuffle = np.random.default_rng(2).permutation(42)
    one, other = Evidence(real, fake).orders[0], Evidence(real.take(shuffle), fake).orders[0]
    assert sorted(one) == list(range(42))
    np.testing.assert_array_equal(real.features[one], real.take(shuffle).features[other])
    assert (one != Evidence(real, fake, seed=1).orders[0]).any()


def test_class_statistics_need_probabilities() -> None:
    with pytest.raises(ShapeError, match="extractor"):
        Evidence(bank(5, 0), bank(5, 1)).fake_classes
