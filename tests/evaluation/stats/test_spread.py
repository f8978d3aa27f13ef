"""How many rows make up the spread of features, and that nothing is as good by an outlier's margin."""

import dataclasses

import numpy as np
import pytest

from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.standing import standings
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.spread import carriers


@pytest.mark.parametrize("d", [1, 4, 64])
def test_normal_rows_carry_their_spread_together(d: int) -> None:
    rows = np.random.default_rng(0).standard_normal((4000, d)).astype(np.float32)
    assert carriers(FeatureBank(rows)) == pytest.approx(4000 / (1 + 2 / d), rel=0.06)


def test_one_row_or_none_carries_it() -> None:
    rows = np.random.default_rng(0).standard_normal((60, 16)).astype(np.float32)
    outlier = rows.copy()
    outlier[0] *= 1e4
    huge = (outlier * np.float32(1e15)).astype(np.float32)
    assert (
        carriers(FeatureBank(outlier))
        == pytest.approx(1, abs=0.1)
        == pytest.approx(carriers(FeatureBank(huge)), abs=0.1)
    )
    assert carriers(FeatureBank(np.ones((5, 3), np.float32))) == 5


@pytest.mark.parametrize("metric", ["kernel_distance", "frechet_distance"])
def test_an_outlier_among_the_real_images_makes_nothing_as_good(metric: str) -> None:
    """Before: 'as good as real against real, to within the margin' for any shift, 95 of 95."""
    for seed in range(4):
        real, fake, held_out = np.random.default_rng(seed).standard_normal((3, 80, 16)).astype(np.float32)
        fake = fake + np.float32(3)
        for outlier in (True, False):
            real[0] *= 1e4 if outlier else 1e-4
            value, reference = (
                compute(Evidence(FeatureBank(real), FeatureBank(side)), [metric])[0] for side in (fake, held_out)
            )
            state = standings([dataclasses.replace(value, reference=reference)], 0.95)[0].state
            assert state in (("unclear", "slightly worse") if outlier else ("worse",))
            assert any("most of their spread" in note for note in value.notes) == outlier
