"""The planted failures are what they say, at the strength they say."""

import numpy as np
import pytest

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.audit import FAILURES
from gantlet.evaluation.audit.image_failures import blur, colour, jpeg, noise, shift
from gantlet.evaluation.audit.plan import Plan, plant
from gantlet.evaluation.audit.pool import Pool, split_pool

N = 60


@pytest.fixture(scope="module")
def pool() -> Pool:
    chance = np.random.default_rng(0)
    labels = np.arange(400) % 4
    pixels = (chance.integers(0, 60, (400, 16, 16, 3)) + 40 * labels[:, None, None, None]).astype(np.uint8)
    return split_pool(pixels, labels, pixels.reshape(400, -1).astype(np.float32), N, 0)


@pytest.fixture(scope="module")
def planted(pool: Pool) -> Plan:
    return plant(pool, FAILURES.names(), 0, null_pairs=6)


def test_the_honest_sets_are_disjoint(pool: Pool, planted: Plan) -> None:
    assert len({*pool.real, *pool.held_out, *pool.fresh, *pool.other}) == 4 * N
    assert len(pool.reservoir) == 400 - 2 * N
    for a, b in planted.null_pairs:
        assert len({*a, *b}) == 2 * N


def test_modes_lie_inside_classes_and_medoids_in_their_mode(pool: Pool) -> None:
    labels = np.arange(400) % 4
    assert (pool.modes[pool.medoids] == np.arange(len(pool.medoids))).all()
    assert (labels[pool.medoids][pool.modes] == labels).all()


def test_every_failure_gives_n_images_at_every_strength(planted: Plan) -> None:
    total = 400 + len(planted.extra)
    for name, sets in planted.fakes.items():
        assert len(sets) == len(FAILURES.entry(name).meta.strengths)
        assert all(len(rows) == N and rows.max() < total for rows in sets)


def test_failures_of_rows_have_their_strength(pool: Pool, planted: Plan) -> None:
    strengths = {name: FAILURES.entry(name).meta.strengths for name in FAILURES.names()}
    for share, rows in zip(strengths["copies"], planted.fakes["copies"], strict=True):
        assert np.isin(rows, pool.real).sum() == round(share * N)
        assert not np.isin(rows, pool.other).any()
    assert set(planted.fakes["collapse"][-1]) <= set(pool.medoids)
    assert len(np.unique(planted.fakes["dropping"][0])) == N
    left = len(pool.medoids) - round(0.6 * len(pool.medoids))
    assert len(np.unique(pool.modes[planted.fakes["dropping"][-1]])) <= left
    unreal = planted.extra[planted.fakes["mixing"][0] - 400]
    changed = (unreal != pool.pixels[pool.fresh]).any(axis=(1, 2, 3))
    assert changed.sum() == round(strengths["mixing"][0] * N)


def test_labels_of_damaged_images_are_kept(pool: Pool, planted: Plan) -> None:
    labels = np.arange(400) % 4
    result = planted.labels(labels)
    assert result is not None
    for rows in planted.fakes["blur"]:
        assert (result[rows] == labels[pool.fresh]).all()
    assert planted.labels(None) is None


def test_equal_seeds_give_equal_plans(pool: Pool, planted: Plan) -> None:
    again = plant(pool, FAILURES.names(), 0, null_pairs=6)
    assert np.array_equal(again.extra, planted.extra)
    assert not np.array_equal(plant(pool, FAILURES.names(), 1, null_pairs=6).extra, planted.extra)


def test_damage_grows_with_strength(pool: Pool) -> None:
    before = pool.pixels[pool.fresh].astype(float)
    for failure in (blur, noise, jpeg, colour, shift):
        strengths = FAILURES.entry(failure.__name__).meta.strengths
        errors = [
            np.abs(failure(pool, strength, np.random.default_rng(0)) - before).mean()
            for strength in (strengths[0], strengths[-1])
        ]
        assert errors[0] < errors[1], failure.__name__


def test_noise_has_the_standard_deviation_asked_for(pool: Pool) -> None:
    inside = pool.pixels[pool.fresh].astype(float)
    result = noise(pool, 8.0, np.random.default_rng(0)) - inside
    kept = (inside > 40) & (inside < 215)  # five standard deviations away from clipping
    # sd of rounded noise: √(64 + 1/12) = 8.005; its standard error over 10⁴ pixels: 8/√(2·10⁴) = .06
    assert result[kept].std() == pytest.approx(8.005, abs=0.25)


def test_a_shift_moves_a_ramp_by_at_most_its_reach() -> None:
    ramp = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8)[None, None, :, None], (300, 16, 16, 1)).copy()
    rows = np.arange(300)
    flat = Pool(ramp, np.zeros(300, np.int64), np.zeros(1, np.int64), rows[:60], rows[60:120], rows[120:])
    moved = shift(flat, 0.0625, np.random.default_rng(0)).astype(int) - ramp[:60]
    # one pixel at most, on a ramp of 10 a pixel, and 1 by rounding; cubic edges overshoot and are left out
    assert 0 < np.abs(moved)[:, :, 3:-3].max() <= 11


def test_colour_multiplies_channels(pool: Pool) -> None:
    cast = colour(pool, 0.1, np.random.default_rng(0)).astype(float)
    before = pool.pixels[pool.fresh].astype(float)
    expected = np.rint(np.clip(before * [1.1, 1.0, 0.9], 0, 255))
    assert np.array_equal(cast, expected)


def test_too_few_images() -> None:
    with pytest.raises(TooFewSamples, match="needs 300 images; there are 299"):
        split_pool(np.zeros((299, 4, 4, 1), np.uint8), None, np.zeros((299, 2), np.float32), 60, 0)
