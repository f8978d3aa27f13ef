"""Precision: the coverage of its interval; its values: test_neighbour_metrics."""

from covering import Case, covers, value
from draws import fresh_fakes


@covers("precision", given="the real images")
def test_the_interval_covers_the_value_of_many_fakes() -> Case:
    return Case(fresh_fakes, value("precision", fresh_fakes(10_000, n=100_000)).value)
