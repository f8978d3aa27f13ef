"""The AM Score against its definition; its standard error against the bootstrap."""

import numpy as np
import pytest
from covering import Case, covers
from draws import of_classes
from scipy.stats import entropy

from gantlet.core.errors import ShapeError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.am_score import am_score
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.probabilities import ClassProbabilities


def predictions(n: int, seed: int, k: int = 5, sharpness: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(sharpness * np.arange(1, k + 1), n).astype(np.float32)


def test_equals_scipys_entropies() -> None:
    real, fake = predictions(200, 0).astype(np.float64), predictions(150, 1, sharpness=1.0).astype(np.float64)
    expected = entropy(real.mean(axis=0), fake.mean(axis=0)) + np.mean([entropy(p) for p in fake])
    value, _ = am_score(ClassProbabilities.of(real), ClassProbabilities.of(fake))
    # Rows are float32 and divided by their sums: 1e-7.
    assert value == pytest.approx(expected, rel=1e-6)


def test_standard_error_agrees_with_the_bootstrap() -> None:
    real, fake = predictions(300, 2), predictions(400, 3, sharpness=1.0)
    rng = np.random.default_rng(4)
    resampled = [
        am_score(
            ClassProbabilities.of(real[rng.integers(0, 300, 300)]),
            ClassProbabilities.of(fake[rng.integers(0, 400, 400)]),
        )[0]
        for _ in range(500)
    ]
    # The sd of 500 resamples: relative error 3 %; second order k/n = 2 %: 12 %.
    assert am_score(ClassProbabilities.of(real), ClassProbabilities.of(fake))[1] ** 0.5 == pytest.approx(
        np.std(resampled), rel=0.12
    )


def test_perfect_is_zero_a_lost_class_is_undefined_and_classes_must_agree() -> None:
    sure = np.eye(4, dtype=np.float32)[np.arange(40) % 4]
    features = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
    found = compute(Evidence(FeatureBank(features, sure), FeatureBank(features, sure)), ["am_score"])[0]
    assert found.value == 0
    lost = compute(Evidence(FeatureBank(features, sure), FeatureBank(features, sure[:1].repeat(40, 0))), ["am_score"])
    assert lost[0].value is None
    with pytest.raises(ShapeError, match="classes"):
        am_score(ClassProbabilities.of(predictions(9, 0, 3)), ClassProbabilities.of(predictions(9, 0, 4)))


def rare(repeat: int, share: float = 1 / 60) -> Evidence:
    """Return 300 real images of five classes alike and 300 fakes that show the last in one of sixty, or another share."""
    rng = np.random.default_rng([6, repeat])

    def side(shares: np.ndarray) -> FeatureBank:
        logits = 6 * np.eye(5)[rng.choice(5, 300, p=shares)] + rng.standard_normal((300, 5))
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return FeatureBank(logits.astype(np.float32), p.astype(np.float32))

    return Evidence(side(np.full(5, 0.2)), side(np.array([0.3, 0.3, 0.2, 0.2 - share, share])), seed=repeat)


@covers("am_score")
def test_the_interval_covers_the_mean_of_fresh_draws_where_a_class_is_rare() -> Case:
    return Case(rare)


@covers("am_score")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(of_classes(noise=1.0))


@covers("am_score")
def test_the_interval_covers_the_mean_of_fresh_draws_where_some_show_no_image_of_a_class() -> Case:
    """One image of a class is expected: 1 of 3 draws shows none, and its value is far above the mean."""
    return Case(lambda repeat: rare(repeat, 1 / 300))
