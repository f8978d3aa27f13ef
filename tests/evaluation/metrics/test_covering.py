"""The mechanism of the coverage tests passes an interval of 95 % and refuses narrower and wider ones."""

import contextlib

import covering
import numpy as np
import pytest
from covering import Case, covers

from gantlet.core.results.estimate import Estimate


@pytest.mark.parametrize("truth", [0.0, None], ids=["closed form", "mean of fresh draws"])
@pytest.mark.parametrize(("half", "passes"), [(1.96, True), (1.5, False), (3.0, False)])
def test_only_a_true_interval_passes(
    monkeypatch: pytest.MonkeyPatch, truth: float | None, half: float, passes: bool
) -> None:
    # The evidence is one normal draw and its interval value ± half: coverage 95, 87 and 99.7 %.
    monkeypatch.setattr(covering, "value", lambda _, drawn: Estimate("normal", drawn, drawn - half, drawn + half))

    @covers("normal")
    def test() -> Case:
        return Case(lambda repeat: float(np.random.default_rng(repeat).standard_normal()), truth)

    with contextlib.nullcontext() if passes else pytest.raises(AssertionError):
        test()


def test_a_coverage_test_is_slow_and_says_what_it_covers() -> None:
    @covers("normal", given="the spread")
    def test() -> Case:
        return Case(float, 0.0)

    marks = {mark.name: mark for mark in test.pytestmark}
    assert set(marks) == {"slow", "covers"}
    assert (marks["covers"].args, marks["covers"].kwargs) == (("normal",), {"given": "the spread"})
