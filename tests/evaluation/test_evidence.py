"""Evidence: shared statistics agree with each other and do not depend on the order of rows."""

import numpy as np
import pytest

from gantlet.core.errors import ShapeError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.moments import Moments


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


def test_training_images_count_where_they_are_named() -> None:
    real, fake, train, test = (
        FeatureBank(np.random.default_rng(s).random((30, 4), dtype=np.float32)) for s in range(4)
    )
    unnamed, named = Evidence(real, fake), Evidence(real, fake, train=train, test=test)
    assert unnamed.training is real
    assert unnamed.training_neighbours is unnamed.neighbours
    assert named.training is train
    index = named.training_neighbours.fake_to_real.indices[:, 0]
    distances = np.linalg.norm(fake.features[:, None].astype(float) - train.features[None], axis=2)
    assert np.array_equal(index, distances.argmin(1))
    assert [bank.n for bank in unnamed.train_and_test(100)[:2]] == [15, 15]
    first, second, notes = named.train_and_test(20)
    assert (first.n, second.n, notes) == (20, 20, ())
    assert named.train_and_test(100)[:2] == (train, test)


def test_planted_copies_are_found_against_the_training_images_only() -> None:
    generator = np.random.default_rng(0)
    real, train, test = (FeatureBank(generator.standard_normal((200, 6)).astype(np.float32)) for _ in range(3))
    copies = FeatureBank(train.features + np.float32(1e-3))
    named = compute(Evidence(real, copies, train=train, test=test), ["authenticity", "data_copying", "mifid"])
    unnamed = compute(Evidence(real, copies), ["authenticity", "data_copying", "mifid"])
    assert named[0].value == 0.0
    assert unnamed[0].value is not None and unnamed[0].value > 0.3
    assert named[1].value is not None and named[1].value < -5
    assert named[2].value is not None and unnamed[2].value is not None and named[2].value > 10 * unnamed[2].value
