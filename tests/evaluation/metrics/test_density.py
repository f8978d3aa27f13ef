"""Density: the coverage of its interval; its values: test_neighbour_metrics."""

import pytest
from covering import Case, covers
from draws import skewed


@pytest.mark.parametrize("case", ["null", "away"])
@covers("density")
def test_the_interval_covers_the_mean_of_fresh_draws(case: str) -> Case:
    return Case(skewed(300, case))
