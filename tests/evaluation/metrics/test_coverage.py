"""Coverage: the coverage of its interval; its values: test_neighbour_metrics."""

from covering import Case, covers
from draws import two

from gantlet.evaluation.metrics.coverage import expected_coverage


@covers("coverage")
def test_the_interval_covers_the_closed_form_at_the_null() -> Case:
    return Case(two(400, 10), expected_coverage(400, 400, 5))


@covers("coverage")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(two(300, 8, 0.5))
