"""Modes: counts by argmax, what is missing and rare, and the spread of the count over new draws."""

import itertools
import math

import draws
import numpy as np
import pytest
from covering import Case, covers

from gantlet.core.mixture import Mixture
from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.modes import modes, same_modes
from gantlet.evaluation.stats.feature_bank import FeatureBank

ONE = math.erf(0.5**0.5)
"""The level at which an interval reaches one standard deviation to each side."""


def bank(classes: list[int], k: int = 4) -> FeatureBank:
    p = np.full((len(classes), k), 0.1, dtype=np.float32)
    p[np.arange(len(classes)), classes] = 1 - 0.1 * (k - 1)
    return FeatureBank(np.arange(len(classes) * 2, dtype=np.float32).reshape(-1, 2), p)


def test_counts_missing_and_rare() -> None:
    evidence = Evidence(bank([0, 1, 2, 3] * 10), bank([0] * 30 + [1] * 9 + [2]), classes=("cat", "dog", "cow", "hen"))
    estimate = compute(evidence, ["modes"])[0]
    assert estimate.value == 3
    assert estimate.details["fake"] == [30, 9, 1, 0]
    assert estimate.details["missing"] == ["hen"]
    assert estimate.details["rare"] == ["cow"]
    assert estimate.notes == ("missing: hen", "rare: cow")


def test_variance_is_that_of_poisson_draws_with_the_classes_that_were_not_seen() -> None:
    rates = 40 * 0.7 ** np.arange(30)
    counts = np.random.default_rng(0).poisson(rates, (4000, 30))
    missed = np.exp(-rates)
    estimated = np.mean([((row > 0).sum() - modes(row, ONE)[1]) ** 2 for row in counts])
    # Downwards: ¾ f₁ is between ¾ (small λ) and 1.2 (λ = 1) of the variance; the larger of two estimates leans up.
    assert 0.9 <= estimated / float((missed * (1 - missed)).sum()) <= 1.5
    assert modes(np.ones(4, np.int64), ONE) == (4, 3.0, 4.0), "no variance of one class is above ¼"


def test_all_found_many_times_leaves_no_doubt() -> None:
    estimate = compute(Evidence(bank([0, 1, 2, 3] * 25), bank([0, 1, 2, 3] * 25)), ["modes"])[0]
    assert estimate.value == estimate.high == 4
    assert estimate.low == pytest.approx(4, abs=1e-4)


def test_no_images() -> None:
    assert modes(np.zeros(3, np.int64), ONE) == (0, 0.0, pytest.approx(0.75**0.5)), "one may have been missed by chance"
    estimate = compute(Evidence(bank([0, 1]), bank([])), ["modes"])[0]
    assert estimate.value is None and "needs 1 fake sample" in estimate.notes[0]


def test_a_known_mixture_is_found_only_within_three_deviations() -> None:
    """Two modes, σ = 1: 40 points in the one, 3 at 3.5σ from the other; reverse KL counts those, modes does not."""
    mixture = Mixture(np.array([[0.0, 0.0], [20.0, 0.0]]), 1.0)
    near = np.concatenate([np.zeros((40, 2)), np.tile([16.5, 0.0], (3, 1))]).astype(np.float32)
    true = mixture.draw(400, np.random.default_rng(0))[0].astype(np.float32)
    found = compute(Evidence(FeatureBank(true), FeatureBank(near), given={"mixture": mixture}), ["modes", "mode_kl"])
    assert found[0].value == 1 and found[0].details["fake"] == [40, 0]
    q, p = np.array([40, 3]) / 43, np.bincount(mixture.nearest(true)[0]) / 400
    assert found[1].value == pytest.approx(float((q * np.log(q / p)).sum()))


@pytest.mark.parametrize("images", [0.5, 1.0, 2.0, 4.0])
def test_spread_is_that_of_poisson_draws_also_of_classes_that_one_draw_missed(images: float) -> None:
    """2,000 classes with so many images each: E spread between 0.95 and 3 times e^−λ − e^−2λ each (before: .4 at λ = .5)."""
    counts = np.random.default_rng(0).poisson(images, (20, 2000))
    true = 2000 * (np.exp(-images) - np.exp(-2 * images))
    assert 0.95 < np.mean([((row > 0).sum() - modes(row, ONE)[1]) ** 2 for row in counts]) / true < 3


EVEN, FALLING, ZIPF, TEN = np.full(60, 1 / 60), 0.7 ** np.arange(20), 1 / np.arange(1, 101), 0.7 ** np.arange(10)


@pytest.mark.parametrize(
    "shares", [EVEN, *(each / each.sum() for each in (FALLING, ZIPF, TEN))], ids=["even", "falling", "zipf", "ten"]
)
@covers("modes")
def test_the_interval_covers_the_expected_number_of_classes_hit(shares: np.ndarray) -> Case:
    n = 100

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([5, repeat])
        real, fake = (draws.classes(rng, n, shares) for _ in range(2))
        return Evidence(real, fake, seed=repeat)

    return Case(draw, float((1 - (1 - shares) ** n).sum()))


@pytest.mark.parametrize("sizes", [(300, 300), (900, 300)])
def test_equal_generators_have_a_winner_in_one_draw_of_twenty_at_most(sizes: tuple[int, int]) -> None:
    """Ten classes, the rarest one image of 342: p ≤ 5 % in at most 5 % of fresh draws (.11 by the intervals' normal law), and not never."""
    shares = np.exp(-1.1 * np.arange(10) / 2)
    rng = np.random.default_rng(3)
    p_values = []
    for _ in range(1500):
        a, b = (rng.multinomial(n, shares / shares.sum()) for n in sizes)
        p_values.append(same_modes(counted(a), counted(b)))
    # 0.05 + 3 standard deviations of a share of 1,500
    assert 0.001 < np.mean(np.array(p_values) <= 0.05) < 0.067


def test_the_law_of_the_difference_is_that_of_every_split() -> None:
    """Three classes of 2, 1 and 3 images; every way to give the six to A or B, equally probable, is enumerated."""
    owner = [0, 0, 1, 2, 2, 2]
    differences = []
    for side in itertools.product([0, 1], repeat=6):
        a, b = (len({c for c, s in zip(owner, side, strict=True) if s == which}) for which in (1, 0))
        differences.append(a - b)
    two = counted(np.array([2, 0, 3])), counted(np.array([0, 1, 0]))
    q = 5 / 6
    weights = [q ** sum(side) * (1 - q) ** (6 - sum(side)) for side in itertools.product([0, 1], repeat=6)]
    mean = float(np.dot(weights, differences))
    far = [w for w, d in zip(weights, differences, strict=True) if abs(d - mean) >= abs(1 - mean) - 1e-9]
    assert same_modes(*two) == pytest.approx(min(1.0, sum(far)))


def counted(counts: np.ndarray) -> Estimate:
    return Estimate("modes", float((counts > 0).sum()), details={"fake": counts.tolist()})
