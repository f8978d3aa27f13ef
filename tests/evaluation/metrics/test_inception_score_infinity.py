"""The Inception Score at infinitely many fakes: the coverage of its interval; its values: test_published_forms."""

from covering import Case, covers
from draws import of_classes


@covers("inception_score_infinity")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(of_classes(noise=1.0))
