"""MiFID against scikit-learn's cosine distances and the definition."""

import numpy as np
import pytest
from covering import Case, covers
from draws import two
from sklearn.metrics.pairwise import cosine_similarity

from gantlet.core.errors import NonFiniteError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.metrics.mifid import memorisation_distances, mifid
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.moments import Moments


def rows(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def test_distances_equal_scikit_learns() -> None:
    real, fake = rows(90, 12, 0), rows(80, 12, 1)
    expected = (1 - np.abs(cosine_similarity(fake.astype(np.float64), real))).min(axis=1)
    # Float32 products of unit rows: 1e-6.
    np.testing.assert_allclose(memorisation_distances(real, fake, memory=10**6), expected, atol=1e-6)


@pytest.mark.parametrize(("d", "penalised"), [(3, True), (40, False)])
def test_the_penalty_applies_below_the_threshold(d: int, penalised: bool) -> None:
    real, fake = rows(90, d, 0), rows(80, d, 1) + np.float32(1)
    found = compute(Evidence(FeatureBank(real), FeatureBank(fake)), ["mifid"])[0]
    similar = np.abs(cosine_similarity(fake.astype(np.float64), real))
    distance = float((1 - similar).min(axis=1).mean())
    assert (distance < 0.1) == penalised == found.details["penalised"]
    plain = frechet_distance(Moments.of(real), Moments.of(fake))
    # The mean cosine distance errs by 1e-6 of a number above 1e-3.
    assert found.value == pytest.approx(plain / distance if penalised else plain, rel=1e-3)


def test_copies_are_undefined_and_zero_rows_refused() -> None:
    real = rows(40, 5, 0)
    found = compute(Evidence(FeatureBank(real), FeatureBank(2 * real[:30])), ["mifid"])[0]
    assert found.value is None and "copies" in found.notes[0]
    with pytest.raises(NonFiniteError, match="infinite"):
        mifid(1.0, 0.0)
    with pytest.raises(NonFiniteError, match="zeros"):
        memorisation_distances(real, np.zeros((3, 5), np.float32))


@covers("mifid")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(two(400, 4, 0.5, 1.5))
