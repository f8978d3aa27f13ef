"""High-quality samples against the chi-squared law and by hand."""

import numpy as np
import pytest
from covering import Case, covers
from scipy.stats import chi2

from gantlet.core.errors import ShapeError
from gantlet.core.mixture import Mixture
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.high_quality import high_quality
from gantlet.evaluation.stats.feature_bank import FeatureBank


def test_by_hand() -> None:
    mixture = Mixture(np.array([[0.0, 0.0], [10.0, 0.0]]), 1.0)
    good, mode = high_quality(np.array([[0.0, 3.0], [0.0, 3.1], [9.0, 0.0]]), mixture)
    assert good.tolist() == [True, False, True]
    assert mode.tolist() == [0, 0, 1]
    with pytest.raises(ShapeError, match="3 dimensions"):
        high_quality(np.zeros((1, 3)), mixture)
    with pytest.raises(ShapeError, match="sigma"):
        Mixture(np.zeros((2, 2)), 0.0)


@pytest.mark.parametrize("d", [2, 10])
def test_true_draws_follow_the_chi_squared_law(d: int) -> None:
    rng = np.random.default_rng(0)
    centres = 100 * rng.standard_normal((5, d))
    fakes = (centres[rng.integers(0, 4, 4000)] + 0.1 * rng.standard_normal((4000, d))).astype(np.float32)
    bank = FeatureBank(fakes)
    found = compute(Evidence(bank, bank, given={"mixture": Mixture(centres, 0.1)}), ["high_quality"])[0]
    # 4,000 draws: binomial sd ≤ 0.008, three of them.
    assert found.value == pytest.approx(chi2.cdf(9, d), abs=0.024)
    assert (found.details["modes"], found.details["of"]) == (4, 5)


def test_without_known_modes_it_says_so() -> None:
    bank = FeatureBank(np.random.default_rng(0).standard_normal((20, 2)).astype(np.float32))
    assert "no known modes" in compute(Evidence(bank, bank), ["high_quality"])[0].notes[0]


@covers("high_quality")
def test_the_interval_covers_the_chi_squared_law() -> Case:
    centres, spread = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]]), 1.5

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([10, repeat])
        real, fake = (
            FeatureBank((centres[rng.integers(0, 3, 500)] + sigma * rng.standard_normal((500, 2))).astype(np.float32))
            for sigma in (1.0, spread)
        )
        return Evidence(real, fake, seed=repeat, given={"mixture": Mixture(centres, 1.0)})

    return Case(draw, float(chi2.cdf((3 / spread) ** 2, 2)))
