"""The copy test finds planted copies and does not accuse fresh samples."""

import numpy as np

from gantlet.evaluation.copies import copy_ratios, copy_test, outlier_test

MEMORY = 10**8


def cloud(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 8)).astype(np.float32)


def test_ratio_equals_brute_force() -> None:
    train, query = cloud(60, 0), cloud(25, 1)
    cross = np.linalg.norm(query[:, None].astype(float) - train[None], axis=2)
    own = np.linalg.norm(train[:, None].astype(float) - train[None], axis=2)
    np.fill_diagonal(own, np.inf)
    nearest = cross.argmin(1)
    found = copy_ratios(train, query, MEMORY)
    assert np.array_equal(found.nearest, nearest)
    # float32 products of centred data: relative error of a distance ≤ 1e-4 here
    np.testing.assert_allclose(found.ratio, cross.min(1) / own.min(1)[nearest], rtol=1e-4)


def test_planted_copies_are_found_and_fresh_samples_are_not() -> None:
    train, held_out = cloud(1000, 0), cloud(1000, 1)
    copies = train[:60] + 0.01 * cloud(60, 2)
    guilty = np.concatenate([copies, cloud(940, 3)])
    honest_held_out = copy_ratios(train, held_out, MEMORY)
    assert copy_test(copy_ratios(train, guilty, MEMORY), honest_held_out).p_value < 1e-6
    assert copy_test(copy_ratios(train, cloud(1000, 4), MEMORY), honest_held_out).p_value > 0.01


def test_duplicates_in_the_training_set_give_finite_ratios() -> None:
    train = np.concatenate([cloud(50, 0), cloud(50, 0)[:5]])
    ratios = copy_ratios(train, train[:5].copy(), MEMORY)
    assert np.isfinite(ratios.ratio).all() and (ratios.ratio < 0.01).all()


def test_outliers_are_found_and_fresh_samples_are_not() -> None:
    train = cloud(1000, 0)
    unseen = copy_ratios(train, cloud(1000, 1), MEMORY)
    strange = np.concatenate([cloud(950, 3), 4 * cloud(50, 2)])
    found = outlier_test(copy_ratios(train, strange, MEMORY), unseen)
    assert found.p_value < 1e-6 and found.threshold > 1 and found.share >= 0.04
    assert found.false_alarms == 0.01
    assert outlier_test(copy_ratios(train, cloud(1000, 4), MEMORY), unseen).p_value > 0.01
