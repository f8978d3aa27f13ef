"""Where a metric stands against its reference: three states, by intervals of the difference, corrected for the number of metrics."""

import dataclasses

import numpy as np
import pytest

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.sentences import of_standings
from gantlet.evaluation.standing import standings


def share(metric: str, value: float, half: float, n: int = 1000) -> Estimate:
    return Estimate(
        metric, value, value - half, value + half, "wilson", 0.95, n, n, "share of real images", False
    )  # fmt: skip


def against(value: Estimate, reference: Estimate, equal_n: Estimate | None = None) -> Estimate:
    return dataclasses.replace(value, reference=reference, equal_n=equal_n)


@pytest.mark.parametrize(
    ("value", "half", "state", "word"),
    [
        (0.97, 0.01, "as good", "as good"),
        (0.60, 0.02, "worse", "worse than real images' own"),
        (0.88, 0.02, "slightly worse", "would count as equal"),
        (0.90, 0.30, "unclear", "too few images to tell"),
    ],
)
def test_three_states(value: float, half: float, state: str, word: str) -> None:
    estimate = against(share("coverage", value, half), share("coverage", 0.97, 0.01))
    (found,) = standings([estimate], 0.95)
    assert found.state == state and found.margin == pytest.approx(0.097)
    (line,) = of_standings([found])
    assert word in line and "coverage" in line


def test_the_interval_joins_both_arms() -> None:
    estimate = against(share("coverage", 0.8, 0.03), share("coverage", 0.9, 0.04))
    (found,) = standings([estimate], 0.95)
    assert (found.harm, found.low, found.high) == pytest.approx((0.1, 0.05, 0.15))


def test_what_is_compared_stands_at_the_same_number() -> None:
    few = dataclasses.replace(share("coverage", 0.40, 0.02), n_fake=100)
    reference = dataclasses.replace(share("coverage", 0.41, 0.02), n_fake=100)
    assert standings([against(share("coverage", 0.9, 0.01), reference)], 0.95) == ()
    (found,) = standings([against(share("coverage", 0.9, 0.01), reference, few)], 0.95)
    assert found.value is few and found.resized
    assert "both of 100 images" in of_standings([found])[0]


def test_closer_than_real_images_hints_at_copies() -> None:
    copied = Estimate("one_nn_accuracy", 0.096, 0.07, 0.12, "wilson", 0.95, 500, 500, "accuracy; 0.5 is ideal", True)
    usual = dataclasses.replace(copied, value=0.5, low=0.46, high=0.54)
    (line,) = of_standings(standings([against(copied, usual)], 0.95))
    assert line.startswith("caution: one_nn_accuracy") and "copies" in line


def test_a_metric_of_foreign_classes_does_not_vote() -> None:
    estimate = dataclasses.replace(
        against(share("inception_score", 0.5, 0.01), share("inception_score", 0.9, 0.01)), votes=False
    )
    assert standings([estimate], 0.95) == ()


def test_without_an_interval_or_a_reference_nothing_is_said() -> None:
    bare = dataclasses.replace(share("coverage", 0.5, 0.1), low=None, high=None, interval="none")
    assert standings([against(bare, share("coverage", 0.9, 0.1)), share("recall", 0.5, 0.1)], 0.95) == ()


def test_error_rates_of_eight_shares_drawn_afresh() -> None:
    """Eight metrics of equal images: any claim of a difference in ≤ 5% of cases; a fall by 30 points is always worse."""
    rng, n, claims, found = np.random.default_rng(0), 300, 0, 0
    for _ in range(400):
        sides = rng.binomial(n, 0.8, (8, 2)) / n

        def estimate(p: float) -> Estimate:
            low, high = wilson(p * n, n, 0.95)
            return Estimate("coverage", float(p), low, high, "wilson", 0.95, n, n, "share", False)

        equal = [against(estimate(a), estimate(b)) for a, b in sides]
        claims += any(s.state in ("worse", "slightly worse", "beyond") for s in standings(equal, 0.95))
        fallen = [against(estimate(rng.binomial(n, 0.5) / n), estimate(sides[0, 1])), *equal[1:]]
        found += standings(fallen, 0.95)[0].state == "worse"
    assert claims <= 0.05 * 400 + 2 * (0.05 * 0.95 * 400) ** 0.5 and found == 400


@pytest.mark.parametrize(
    ("value", "half", "state"),
    [
        (0.37, 0.03, "beyond"),
        (0.42, 0.06, "beyond"),
        (0.42, 0.09, "unclear"),
        (0.5, 0.03, "as good"),
        (0.75, 0.03, "worse"),
    ],
)
def test_a_metric_whose_aim_is_the_reference_is_as_good_only_within_the_margin_at_both_ends(
    value: float, half: float, state: str
) -> None:
    # 25 copies of 100 pull 1-NN accuracy from .5 to .37: that was as good to within ten points.
    value_and_reference = (
        dataclasses.replace(share("one_nn_accuracy", at, spread), lower_is_better=True)
        for at, spread in ((value, half), (0.5, 0.03))
    )
    (found,) = standings([against(*value_and_reference)], 0.95)
    assert found.state == state


@pytest.mark.parametrize(("n", "state"), [(49, "unclear"), (50, "as good")])
def test_nothing_is_shown_to_be_as_good_by_fewer_than_fifty_images(n: int, state: str) -> None:
    (found,) = standings([against(share("coverage", 0.97, 0.01, n), share("coverage", 0.97, 0.01, n))], 0.95)
    assert found.state == state
