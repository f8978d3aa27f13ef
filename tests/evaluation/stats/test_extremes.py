"""The test of extremes against enumeration of all interleavings, its level, and the power that it promises."""

import itertools

import numpy as np
import pytest

from gantlet.evaluation.stats.extremes import bounds, crossing, depths, detectable, extremes_test


def interleavings(n: int, m: int) -> list[list[int]]:
    """Return K_1 … K_m of every interleaving of n values with m null values."""
    found = []
    for places in itertools.combinations(range(n + m), m):
        found.append([place - j for j, place in enumerate(places)])
    return found


@pytest.mark.parametrize(("n", "m"), [(5, 6), (7, 3), (3, 8)])
def test_the_chance_to_reach_a_limit_equals_the_share_of_interleavings_that_do(n: int, m: int) -> None:
    ways = interleavings(n, m)
    for tried, limits in (((1,), (2,)), ((1, 3), (2, 3)), ((1, 2, 3), (n + 1, 3, n)), ((2, 3), (0, 1))):
        share = np.mean([any(way[j - 1] >= limit for j, limit in zip(tried, limits, strict=True)) for way in ways])
        assert crossing(n, m, tried, limits) == pytest.approx(share, abs=1e-12)
    for j, limit in zip((1, 2, 3), bounds(n, m, (1, 2, 3), 0.1), strict=True):
        chance = [np.mean([way[j - 1] >= k for way in ways]) for k in range(n + 2)]
        assert chance[limit] <= 0.1 < chance[limit - 1]


def test_the_p_value_of_every_interleaving_is_the_share_of_those_that_are_as_extreme(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gantlet.evaluation.stats.extremes.DEEPEST", 0.5)
    n, m = 5, 6
    assert depths(m) == (1, 2, 3)
    found = []
    for places in itertools.combinations(range(n + m), m):
        null = np.array(places, float)
        found.append(extremes_test(np.setdiff1d(np.arange(n + m), places).astype(float), null).p_value)
    values = np.array(found)
    for value in np.unique(values):
        assert np.mean(values <= value + 1e-12) == pytest.approx(value)


def test_the_level_is_kept_and_ties_count_for_the_null() -> None:
    rng = np.random.default_rng(0)
    p = np.array([extremes_test(rng.random(150), rng.random(400)).p_value for _ in range(1000)])
    for level in (0.01, 0.05, 0.2):
        assert np.mean(p <= level) <= level + 3 * (level / 1000) ** 0.5
    assert np.mean(p <= 0.2) > 0.1
    assert extremes_test(np.zeros(50), np.zeros(50)).p_value == 1.0
    with pytest.raises(ValueError, match="values in both"):
        extremes_test(np.zeros(0), np.zeros(3))


@pytest.mark.parametrize(("n", "m", "spoiled"), [(200, 300, 0), (300, 900, 0), (300, 900, 2)])
def test_the_least_number_of_planted_values_is_found_nine_times_in_ten_and_one_fewer_is_not(
    n: int, m: int, spoiled: int
) -> None:
    least = detectable(n, m, 0.01, spoiled)
    assert least is not None

    def power(c: int) -> float:
        rng = np.random.default_rng(c)
        flagged = 0
        for _ in range(300):
            null = np.sort(rng.random(m))
            null[:spoiled] = -2.0
            flagged += extremes_test(np.concatenate([np.full(c, -1.0), rng.random(n - c)]), null).p_value <= 0.01
        return flagged / 300

    assert power(least) >= 0.85
    assert power(least - 1) < 0.9 + 0.05


def test_of_few_values_nothing_can_be_told() -> None:
    assert detectable(2, 10, 0.01) is None
    assert detectable(500, 40, 0.01, spoiled=40) is None
    assert detectable(400, 1000, 0.01) < detectable(400, 400, 0.01)  # type: ignore[operator]


def test_values_far_below_are_found_where_the_probability_is_less_than_rounding() -> None:
    found = extremes_test(np.full(60, -1.0), np.random.default_rng(0).random(4000))
    assert 0 < found.p_value < 1e-10 and found.below == 60
