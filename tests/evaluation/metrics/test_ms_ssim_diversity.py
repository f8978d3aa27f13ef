"""MS-SSIM diversity: the coverage of its interval; its values: test_image_metrics."""

import numpy as np
from covering import Case, covers
from draws import shown

from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.stats.feature_bank import FeatureBank


def alike(rng: np.random.Generator, n: int) -> FeatureBank:
    """Return n images that share a pattern, each with its own contrast and noise."""
    pattern = 30 * np.random.default_rng(3).standard_normal((16, 16, 1))
    contrast, noise = rng.gamma(4.0, 0.25, (n, 1, 1, 1)), 20 * rng.standard_normal((n, 16, 16, 1))
    return shown(np.clip(128 + contrast * pattern + noise, 0, 255).astype(np.uint8))


@covers("ms_ssim_diversity")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([2, repeat])
        return Evidence(alike(rng, 4), alike(rng, 128), seed=repeat)

    return Case(draw)
