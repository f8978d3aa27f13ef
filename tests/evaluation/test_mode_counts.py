"""Mode counts: planted drops are found, honest samples are not accused, Holm agrees with statsmodels' textbook case."""

import numpy as np

from gantlet.evaluation.inference.holm import holm, holm_adjusted
from gantlet.evaluation.mode_counts import medoids, mode_counts


def test_holm_on_a_worked_example() -> None:
    # Holm 1979: p = .01, .04, .03, .005 at α = .05: .005 ≤ .05/4, .01 ≤ .05/3, .03 > .05/2 ends it.
    assert holm(np.array([0.01, 0.04, 0.03, 0.005]), 0.05).tolist() == [True, False, False, True]
    assert holm(np.array([0.9, 0.8]), 0.05).tolist() == [False, False]


def test_planted_faults_are_named() -> None:
    real = np.repeat(np.arange(4), 250)
    fake = np.concatenate([np.zeros(250, int), np.full(20, 1), np.full(730, 2)]).astype(np.int64)
    assert [m.verdict for m in mode_counts(real, fake, ["a", "b", "c", "d"])] == [
        "",
        "rare",
        "over-produced",
        "missing",
    ]


def test_honest_samples_are_accused_no_more_often_than_promised() -> None:
    generator = np.random.default_rng(0)
    accused = sum(
        any(m.verdict for m in mode_counts(*generator.integers(0, 10, (2, 500)), [str(k) for k in range(10)]))
        for _ in range(200)
    )
    # the family-wise error is ≤ 5 %: at most 10 expected of 200; 20 is over 3 standard deviations (√(200·.05·.95) = 3.1) above
    assert accused <= 20


def test_adjusted_p_values_are_holms() -> None:
    # .005·4 = .02, .01·3 = .03, .03·2 = .06, .04·1 → the maximum so far .06
    np.testing.assert_allclose(holm_adjusted(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    assert holm_adjusted(np.empty(0)).shape == (0,)


def test_medoids_are_the_rows_nearest_to_the_mean_of_their_mode() -> None:
    features = np.array([[0.0], [1.0], [5.0], [10.0], [11.0], [15.0]], dtype=np.float32)
    assert medoids(features, np.array([0, 0, 0, 2, 2, 2]), 3).tolist() == [1, -1, 4]
