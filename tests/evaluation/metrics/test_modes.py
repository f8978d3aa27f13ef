"""Modes: counts by argmax, what is missing and rare, and the spread of the count over new draws."""

import draws
import numpy as np
import pytest
from covering import Case, covers

from gantlet.core.mixture import Mixture
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.modes import modes
from gantlet.evaluation.stats.feature_bank import FeatureBank


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
    estimated = np.mean([modes(row)[1] for row in counts])
    # ¾ f₁ is between ¾ (small λ) and 1.2 (λ = 1) of the variance; the larger of two estimates leans up.
    assert 0.9 <= estimated / float((missed * (1 - missed)).sum()) <= 1.5
    assert modes(np.ones(4, np.int64)) == (4, 1.0), "no variance of one class is above ¼"


def test_all_found_many_times_leaves_no_doubt() -> None:
    estimate = compute(Evidence(bank([0, 1, 2, 3] * 25), bank([0, 1, 2, 3] * 25)), ["modes"])[0]
    assert estimate.value == estimate.high == 4
    assert estimate.low == pytest.approx(4, abs=1e-4)


def test_no_images() -> None:
    assert modes(np.zeros(3, np.int64)) == (0, 0.0)
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


EVEN, FALLING, ZIPF = np.full(40, 1 / 40), 0.7 ** np.arange(20), 1 / np.arange(1, 101)


@pytest.mark.parametrize("shares", [EVEN, FALLING / FALLING.sum(), ZIPF / ZIPF.sum()], ids=["even", "falling", "zipf"])
@covers("modes")
def test_the_interval_covers_the_expected_number_of_classes_hit(shares: np.ndarray) -> Case:
    n = 100

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([5, repeat])
        real, fake = (draws.classes(rng, n, shares) for _ in range(2))
        return Evidence(real, fake, seed=repeat)

    return Case(draw, float((1 - (1 - shares) ** n).sum()))
