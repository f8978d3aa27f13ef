"""The Fréchet distance at infinitely many fakes: the coverage of its interval; its values: test_published_forms."""

from covering import Case, covers
from draws import two


@covers("frechet_distance_infinity")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(two(600, 4, 0.5, 1.5))
