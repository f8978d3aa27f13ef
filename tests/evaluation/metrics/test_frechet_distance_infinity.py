"""The Fréchet distance at infinitely many fakes: the coverage of its interval; its values: test_published_forms."""

from covering import Case, covers
from draws import two

from gantlet.evaluation.compute import compute


@covers("frechet_distance_infinity")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(two(600, 4, 0.5, 1.5))


def test_says_that_the_real_sides_bias_stays() -> None:
    (estimate,) = compute(two(200, 4)(0), ["frechet_distance_infinity"])
    assert "at this number of real images" in estimate.estimand and "bias stays in" in estimate.estimand
