"""Intervals that hold at every look: under peeking the fixed ones miss in a third of the runs, the widened ones in at most 5 %."""

import numpy as np
import pytest

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.inference.intervals import quantile
from gantlet.evaluation.inference.sequential import widening
from gantlet.evaluation.sequential import widened


@pytest.mark.parametrize("share", [0.5, 0.1])
@pytest.mark.parametrize("first", [500, 1000])
def test_at_fifty_looks_all_intervals_hold_at_once(share: float, first: int) -> None:
    rng, repeats = np.random.default_rng([first, round(10 * share)]), 1000
    looks = first * np.arange(1, 51)
    factor = np.array([widening(int(n), 0.95, first) for n in looks])
    counts = rng.binomial(first, share, (repeats, 50)).cumsum(axis=1) / looks
    error = quantile(0.95) * np.sqrt(counts * (1 - counts) / looks)
    off = np.abs(counts - share)
    assert (off > error).any(axis=1).mean() > 0.25
    assert (off > factor * error).any(axis=1).mean() <= 0.05
    assert factor.max() < 1.7


def test_the_widened_interval_keeps_value_and_bounds() -> None:
    estimate = Estimate("coverage", 0.9, 0.8, 0.95, "wilson", unit="share of real images", estimand="fresh draws")
    wide = widened(estimate, 2.0)
    assert (wide.value, wide.low, wide.high) == pytest.approx((0.9, 0.7, 1.0))
    assert wide.estimand.startswith("fresh draws; it holds although")
    plain = Estimate("ppl", 3.0)
    assert widened(plain, 2.0) is plain
