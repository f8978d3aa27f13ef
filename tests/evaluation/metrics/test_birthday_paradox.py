"""The birthday paradox test against pairs counted by SciPy, and a support size that is known."""

import draws
import numpy as np
import pytest
from covering import Case, covers
from draws import skewed
from scipy.spatial.distance import cdist

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.birthday_paradox import collision_rate, near_duplicates
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 4)).astype(np.float32)


def test_counts_equal_scipys_in_every_tile() -> None:
    features = rows(300, 0)
    distances = cdist(features.astype(np.float64), features)
    np.fill_diagonal(distances, np.inf)
    for radius, counts in zip((0.7, 0.9), near_duplicates(features, (0.7, 0.9), memory=10**6), strict=True):
        np.testing.assert_array_equal(counts, (distances <= radius).sum(axis=1))


def test_a_support_of_fifty_images_is_found() -> None:
    rng = np.random.default_rng(1)
    support = rows(50, 2)
    fakes = support[rng.integers(0, 50, 1000)]
    found = compute(Evidence(FeatureBank(rows(500, 3)), FeatureBank(fakes)), ["birthday_paradox"])[0]
    # 500,000 pairs collide with chance 1/50; two of fifty random images closer than the radius would add a little.
    assert found.details["support_size"] == pytest.approx(50, rel=0.1)
    assert found.low is not None and found.low <= 0.02 * 1.1


def test_interval_width_is_that_of_fresh_draws() -> None:
    share = np.random.default_rng(4).dirichlet(np.ones(20))
    rates, widths = [], []
    for seed in range(300):
        cells = np.random.default_rng([5, seed]).choice(20, 200, p=share)
        counts = np.bincount(cells, minlength=20)[cells] - 1
        rate, pairs = collision_rate(counts, counts)
        rates.append(rate)
        widths.append(rate * (1 - rate) / pairs)
    # 300 draws give the sd to 4 %.
    assert np.sqrt(np.mean(widths)) == pytest.approx(np.std(rates), rel=0.12)
    assert np.mean(rates) == pytest.approx(np.square(share).sum(), rel=0.03)


def test_no_collision_is_no_support_size_and_two_fakes_are_too_few() -> None:
    found = compute(Evidence(FeatureBank(rows(50, 6)), FeatureBank(10 * rows(40, 7))), ["birthday_paradox"])[0]
    assert (found.value, found.details["support_size"]) == (0, None)
    # One pair of 50 real images sets the radius: 1 − (1 − p)^½ = 0.025 for no pair of 780 and K = 1, and μ = (1 − p)/p.
    p = 1 - 0.975**2
    assert found.details["support_size_low"] == pytest.approx(780 * p / (1 - p), rel=1e-6)
    with pytest.raises(TooFewSamples, match="got 2"):
        collision_rate(np.zeros(2, np.int64), np.zeros(2, np.int64))


def test_few_pairs_are_worth_what_a_wider_radius_shows() -> None:
    # One pair of 100 rows says nothing of hubs; within the wider radius row 0 has all pairs: c = 2·99/(100·99), a row's share 1 or 1/99.
    counts, wide = np.zeros(100, np.int64), np.ones(100, np.int64)
    counts[:2], wide[0] = 1, 99
    rate, pairs = collision_rate(counts, wide)
    share = wide / 99
    c = share.mean()
    relative = (share.var(ddof=1) - c * (1 - c) / 99) / c**2
    single = rate * (1 - rate) / 4950
    assert pairs == pytest.approx(4950 * single / (single + 4 * relative * rate**2 / 100))
    assert pairs < 0.6 * collision_rate(counts, np.ones(100, np.int64))[1]


@covers("birthday_paradox")
def test_the_interval_covers_the_chance_of_a_repeated_image() -> Case:
    images = 20 * rows(50, 8)

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([9, repeat])
        return Evidence(draws.rows(rng, 300, 4), FeatureBank(images[rng.integers(0, 50, 400)]), seed=repeat)

    return Case(draw, 1 / 50)


@pytest.mark.parametrize("case", ["null", "away"])
@covers("birthday_paradox")
def test_the_interval_covers_the_mean_of_fresh_draws(case: str) -> Case:
    return Case(skewed(300, case))


@covers("birthday_paradox")
def test_the_interval_covers_the_mean_of_fresh_draws_of_crowded_fakes() -> Case:
    return Case(draws.two(400, 3, 0.3, 0.1))
