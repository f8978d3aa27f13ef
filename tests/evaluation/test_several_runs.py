"""Means over runs stay within the numbers that there are."""

import pytest

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.several_runs import combined


@pytest.mark.parametrize(
    ("unit", "values", "most"), [("share of real images", (0.6, 0.98), 1.0), ("classes", (6.0, 10.0), 10.0)]
)
def test_neither_the_interval_nor_a_new_run_lies_beyond_what_there_is(
    unit: str, values: tuple[float, float], most: float
) -> None:
    """Two runs so far apart have intervals that are wider than the scale on both sides: t(.975, 1) = 12.7."""
    runs = [
        Estimate(
            "made-up", value, unit=unit, low=value, high=value, interval="delta", level=0.95, details={"classes": 10}
        )
        for value in values
    ]
    found = combined(runs, [None, None], 0.95)
    assert not isinstance(found, str)
    assert (found.estimate.low, found.estimate.high) == (found.new_low, found.new_high) == (0.0, most)
