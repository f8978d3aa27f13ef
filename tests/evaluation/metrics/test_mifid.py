"""MiFID against scikit-learn's cosine distances and the definition."""

import numpy as np
import pytest
from covering import Case, covers
from draws import two
from sklearn.metrics.pairwise import cosine_similarity

from gantlet.actions.compare import difference_of
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


def test_near_the_threshold_there_is_no_interval_and_so_no_winner() -> None:
    rng = np.random.default_rng(0)
    real = rows(500, 16, 1)
    for noise in np.linspace(0.2, 1.2, 30):
        fake = real + np.float32(noise) * rng.standard_normal(real.shape).astype(np.float32)
        evidence = Evidence(FeatureBank(real), FeatureBank(fake))
        found = compute(evidence, ["mifid"])[0]
        cosines = memorisation_distances(real, fake)
        near = abs(cosines.mean() - 0.1) <= 1.96 * cosines.std(ddof=1) / len(cosines) ** 0.5
        assert near == (found.low is None)
        if near:
            assert "too near the threshold" in found.notes[-1]
            assert difference_of([evidence, evidence], found, found, False, 0.95) is None
            return
    raise AssertionError("no distance near the threshold")


@pytest.mark.parametrize("shift", [0.0, 0.5])
@covers("mifid")
def test_the_interval_covers_the_mean_of_fresh_draws(shift: float) -> Case:
    return Case(two(400, 4, shift, 1.5))


@covers("mifid", given="the training images")
def test_the_interval_covers_the_mean_over_fresh_fakes_that_are_near_the_training_images() -> Case:
    train = rows(400, 16, 2)

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([3, repeat])
        fake = train[rng.integers(0, 400, 400)] + rng.normal(0, 0.3, (400, 16)).astype(np.float32)
        return Evidence(
            FeatureBank(rows(400, 16, 1000 + repeat)), FeatureBank(fake), seed=repeat, train=FeatureBank(train)
        )

    return Case(draw)
