"""SSIM: the coverage of its interval; its values: test_image_metrics."""

from covering import Case, covers
from draws import reproduced


@covers("ssim")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(reproduced(40))
