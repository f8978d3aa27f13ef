"""Variety inside a mode: planted collapse is found, honest samples are not accused."""

import numpy as np
import pytest

from gantlet.evaluation.variety import variety


def cloud(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 6)).astype(np.float32)


def test_a_shrunken_mode_has_the_ratio_it_was_shrunk_by() -> None:
    found = variety(cloud(400, 0), 0.5 * cloud(400, 1), np.random.default_rng(0))
    # medians of 400 nearest-neighbour distances: relative standard error about 0.02 each
    assert found is not None and found.ratio == pytest.approx(0.5, abs=0.06) and found.p_value < 1e-10


def test_repeated_images_have_ratio_zero() -> None:
    found = variety(cloud(200, 0), np.repeat(cloud(20, 1), 10, axis=0), np.random.default_rng(0))
    assert found is not None and found.ratio == 0 and found.p_value < 1e-10


def test_honest_samples_are_rarely_accused_whatever_their_sizes() -> None:
    rng = np.random.default_rng(0)
    found = [variety(cloud(80, 2 * k), cloud(80 + k, 2 * k + 1), rng) for k in range(400)]
    accused = sum(v is not None and v.p_value < 0.05 for v in found)
    assert accused <= 32  # binomial(400, .05): mean 20, three standard deviations above: 33


def test_too_few_say_nothing_and_constant_modes_are_not_accused() -> None:
    assert variety(cloud(9, 0), cloud(100, 1), np.random.default_rng(0)) is None
    same = np.ones((20, 3), np.float32)
    found = variety(same, same.copy(), np.random.default_rng(0))
    assert found is not None and found.ratio == 1 and found.p_value >= 0.5
