"""The one mechanism of the tests of interval coverage: how often intervals hold the truth over fresh evidence.

A coverage test is a function that carries `covers` and returns a `Case`; the decorator draws, counts and asserts.

The band: of 1,000 repeats an interval with true coverage 95 % covers a share with binomial standard deviation
√(0.95 · 0.05/1000) = 0.7 %. The band from 92 to 99 % reaches 4.3 of them down and 5.8 up, so a true interval fails with
probability 2e-5. One that truly covers 90 % (0.9 % deviation) passes with probability 2 %, one of 99.5 % with 3 %.

The truth without a closed form is the mean of 600 fresh draws: its standard error is δ = 1/24 of a draw's standard
deviation, and a truth that is off by δ of them costs φ(1.96) · 1.96 · δ² = 0.02 % of coverage.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence

REPEATS = 1000
FRESH = 600
LOWEST, HIGHEST = 0.92, 0.99

Draw = Callable[[int], Evidence]
"""Evidence drawn afresh for each number, but for what the interval is conditional on."""


class Case(NamedTuple):
    """``truth``: a closed form, or None for the mean of fresh draws, the expectation at these sizes."""

    draw: Draw
    truth: float | None = None


def covers(metric: str, given: str = "") -> Callable[[Callable[..., Case]], Callable[..., None]]:
    """Make a slow test of a function that returns a `Case` of ``metric``.

    ``given``: what the interval is conditional on; '' where both sides are drawn afresh.
    """

    def decorate(make: Callable[..., Case]) -> Callable[..., None]:
        @functools.wraps(make)
        def test(*args: object, **kwargs: object) -> None:
            share = share_covered(metric, make(*args, **kwargs))
            print(f"{metric}, {f'given {given}' if given else 'both sides fresh'}: covered {share:.4f}")
            assert LOWEST <= share <= HIGHEST

        for mark in (pytest.mark.slow, pytest.mark.covers(metric, given=given)):
            test = mark(test)
        return test

    return decorate


def misses(share: str, why: str) -> pytest.MarkDecorator:
    """Mark a coverage test whose interval is known to cover too seldom or too often; it fails once the interval is mended."""
    return pytest.mark.xfail(strict=True, raises=AssertionError, reason=f"covers {share} measured; {why}")


def share_covered(metric: str, case: Case) -> float:
    """Return the share of repeats whose interval holds the truth; fresh draws for the truth have other numbers."""
    truth = case.truth
    if truth is None:
        truth = float(np.mean([value(metric, case.draw(10_000 + repeat)).value for repeat in range(FRESH)]))
    estimates = (value(metric, case.draw(repeat)) for repeat in range(REPEATS))
    return float(np.mean([estimate.low <= truth <= estimate.high for estimate in estimates]))


def value(metric: str, evidence: Evidence) -> Estimate:
    """Return the metric's estimate; raises ValueError where it has no interval."""
    (estimate,) = compute(evidence, [metric])
    if estimate.low is None:
        raise ValueError(f"{metric} has no interval: {estimate.notes}")
    return estimate
