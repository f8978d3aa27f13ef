"""1-NN accuracy against scikit-learn's classifier, leave-one-out."""

import numpy as np
import pytest
from covering import Case, covers
from draws import two
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.one_nn_accuracy import one_nn_accuracy
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.neighbours import neighbours


def rows(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n, 5)) + shift).astype(np.float32)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_equals_scikit_learn(shift: float) -> None:
    real, fake = rows(90, 0), rows(90, 1, shift)
    pool, says_fake = np.concatenate([real, fake]).astype(np.float64), np.arange(180) >= 90
    predicted = cross_val_predict(KNeighborsClassifier(1, algorithm="brute"), pool, says_fake, cv=LeaveOneOut())
    right = predicted == says_fake
    found = one_nn_accuracy(neighbours(real, fake, k=1))
    assert (found.pooled, found.real, found.fake) == pytest.approx((right.mean(), right[:90].mean(), right[90:].mean()))


def test_mutual_pairs_by_hand() -> None:
    # On a line: 0 and 1 are mutual, 3 points at 1; 10 and 11 are mutual, 14 points at 11.
    real, fake = (np.array([[x] for x in side], dtype=np.float32) for side in ([0, 3, 11], [1, 10, 14]))
    found = one_nn_accuracy(neighbours(real, fake, k=1))
    assert found.mutual == pytest.approx(4 / 6)
    assert found.pooled == 0


def test_copies_score_zero_for_fakes_and_ties_say_real() -> None:
    real = rows(40, 0)
    found = one_nn_accuracy(neighbours(real, real.copy(), k=1))
    assert (found.real, found.fake) == (0, 0)
    doubled = np.repeat(real[:20], 2, axis=0)
    found = one_nn_accuracy(neighbours(doubled, doubled.copy(), k=1))
    assert (found.real, found.fake) == (1, 0)


def test_unequal_numbers_are_cut_and_said() -> None:
    evidence = Evidence(FeatureBank(rows(90, 0)), FeatureBank(rows(50, 1)))
    estimate = compute(evidence, ["one_nn_accuracy"])[0]
    assert (estimate.n_real, estimate.n_fake) == (50, 50)
    assert "cut to 50" in estimate.notes[0]


@pytest.mark.parametrize("d", [1, 8])
@covers("one_nn_accuracy")
def test_the_interval_covers_a_half_at_the_null(d: int) -> Case:
    # Leave-one-out among 2n exchangeable rows: the nearest other row is of the same set with chance (n − 1)/(2n − 1).
    return Case(two(300, d), 299 / 599)
