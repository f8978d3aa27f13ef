"""FLD's density against scikit-learn's; what it must order and punish."""

import numpy as np
import pytest
import torch
from covering import Case, covers
from draws import unseen_images
from sklearn.neighbors import KernelDensity

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.fld import fitted_densities, fld, log_densities
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n, 6)) + shift).astype(np.float32)


def test_density_with_one_width_equals_scikit_learns() -> None:
    test, fake = rows(30, 0).astype(np.float64), rows(50, 1).astype(np.float64)
    squared = torch.cdist(torch.from_numpy(test), torch.from_numpy(fake)).square()
    found = log_densities(squared, torch.full((50,), 2 * float(np.log(0.6)), dtype=torch.float64), 6)
    expected = KernelDensity(bandwidth=0.6).fit(fake).score_samples(test) / 6
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)


def test_fitted_widths_beat_every_single_width_on_what_they_were_fitted_to() -> None:
    fake, fit = rows(60, 2), rows(300, 3)
    fitted = fitted_densities(fake, fit, fit).mean()
    single = [KernelDensity(bandwidth=s).fit(fake).score_samples(fit).mean() / 6 for s in np.linspace(0.3, 2, 30)]
    assert fitted >= max(single) - 1e-4


def test_a_perfect_generator_scores_zero_and_worse_ones_more() -> None:
    real = rows(1200, 4)
    found = [
        compute(Evidence(FeatureBank(real), FeatureBank(fake)), ["fld"])[0].value
        for fake in (rows(300, 5), rows(300, 6, 0.7), rows(300, 7, 1.5))
    ]
    # As many fakes as the baseline has centres; another draw of both moves the value by less than 1.
    assert found[0] == pytest.approx(0, abs=1)
    assert found[0] + 1 < found[1] < found[2] - 1  # type: ignore[operator]


def test_copies_of_what_fits_the_widths_are_punished() -> None:
    fit, test = rows(600, 8), rows(300, 9)
    honest, copied = fld(fit, test, rows(300, 10)).mean(), fld(fit, test, fit[1::2]).mean()
    assert copied > honest + 5
    with pytest.raises(TooFewSamples, match="1 fake"):
        fld(fit[:4], test, fit)


@covers("fld", given="the training images and the fakes")
def test_the_interval_covers_the_mean_over_fresh_test_images() -> Case:
    return Case(unseen_images())
