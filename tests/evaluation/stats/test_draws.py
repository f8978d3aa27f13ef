"""Versions of one picture are one draw to the tests of copies; noisy copies of a training image are not."""

import numpy as np
import pytest

from gantlet.evaluation.copies import Closeness, copy_ratios, copy_test
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.stats.draws import one_of_each

MEMORY = 1 << 28


def cloud(n: int, seed: int, d: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def kept(train: np.ndarray, query: np.ndarray) -> np.ndarray:
    ratios = copy_ratios(train, query, MEMORY)
    return one_of_each(query, ratios.nearest, ratios.distance)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_of_versions_of_one_picture_one_is_left_whatever_their_order(noise: float) -> None:
    rng, own = np.random.default_rng(1), cloud(20, 2)
    query = (np.repeat(own, 15, axis=0) + noise * rng.standard_normal((300, 8))).astype(np.float32)
    order = rng.permutation(300)
    mask, other = kept(cloud(200, 0), query), kept(cloud(200, 0), query[order])
    assert (
        set(np.flatnonzero(mask) // 15) == set(range(20)) and mask.sum() <= 20 + 100 * noise
    )  # two training rows as near
    assert other.sum() == mask.sum()
    if noise:
        assert np.array_equal(np.sort(order[other]), np.flatnonzero(mask))


def test_noisy_copies_of_a_training_image_stay_apart_and_fresh_images_too() -> None:
    train, rng = cloud(200, 0), np.random.default_rng(3)
    copies = (np.repeat(train[:4], 10, axis=0) + 0.02 * rng.standard_normal((40, 8))).astype(np.float32)
    assert kept(train, copies).mean() > 0.9
    assert kept(train, cloud(400, 5)).mean() > 0.97


def accused(seed: int, copies: int) -> bool:
    """Test 300 fakes that show 30 unseen pictures ten times each, ``copies`` of the 30 being near copies of training images."""
    train, held_out, own = (cloud(300, 10 * seed + part) for part in range(3))
    pictures = own[:30].copy()
    pictures[:copies] = train[:copies] + 0.001
    fakes = np.repeat(pictures, 10, axis=0)
    ratios, unseen = (copy_ratios(train, query, MEMORY) for query in (fakes, held_out))
    draws = one_of_each(fakes, ratios.nearest, ratios.distance)
    return copy_test(Closeness("features", ratios.ratio, unseen.ratio, unseen.own, draws=draws)).p_value < ALPHA


def test_unseen_pictures_that_are_repeated_are_not_called_memorised_and_copies_among_them_are() -> None:
    assert sum(accused(seed, 0) for seed in range(60)) <= 4  # 1 % of 60, and 4.4 standard deviations
    assert all(accused(seed, 5) for seed in range(5))
