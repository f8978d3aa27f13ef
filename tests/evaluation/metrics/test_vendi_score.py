"""The Vendi Score against the eigenvalues of the similarity matrix; its standard error against the bootstrap."""

import numpy as np
import pytest
from covering import Case, covers
from draws import two

from gantlet.core.errors import NonFiniteError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.vendi_score import influence, log_vendi_score, second_order
from gantlet.evaluation.stats.feature_bank import FeatureBank


def rows(n: int, d: int, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n, d)) * np.arange(1, d + 1) ** -0.5).astype(np.float32)


def by_similarity(features: np.ndarray) -> float:
    """exp of the entropy of the eigenvalues of K/n: the published package's formula, on K itself."""
    x = features.astype(np.float64)
    similarity = (x @ x.T) / np.outer(np.linalg.norm(x, axis=1), np.linalg.norm(x, axis=1))
    values = np.linalg.eigvalsh(similarity / len(x))
    values = values[values > 1e-14]
    return float(np.exp(-(values * np.log(values)).sum()))


@pytest.mark.parametrize(("n", "d"), [(60, 9), (9, 60), (20, 20)])
def test_equals_the_entropy_of_the_similarity_matrix(n: int, d: int) -> None:
    features = rows(n, d, 0)
    # Float64 eigenvalues; zeros come out as 1e-17·log: 1e-12.
    assert np.exp(log_vendi_score(features)[0]) == pytest.approx(by_similarity(features), rel=1e-9)


def test_orthogonal_images_count_each_and_copies_count_once() -> None:
    assert np.exp(log_vendi_score(np.eye(7, dtype=np.float32))[0]) == pytest.approx(7)
    assert np.exp(log_vendi_score(np.ones((7, 3), dtype=np.float32))[0]) == pytest.approx(1)


@pytest.mark.parametrize(("n", "d"), [(400, 6), (60, 80)])
def test_influence_is_the_derivative_in_the_weight_of_a_row(n: int, d: int) -> None:
    features = rows(n, d, 1)
    value, variance = log_vendi_score(features)
    x = features / np.linalg.norm(features, axis=1, keepdims=True).astype(np.float64)
    slopes = []
    for i in range(n):
        weights = np.full(n, (1 - 1e-6) / n)
        weights[i] += 1e-6
        values = np.linalg.eigvalsh((x * weights[:, None]).T @ x)
        values = values[values > 1e-14]
        slopes.append((-(values * np.log(values)).sum() - value) / 1e-6)
    # One-sided difference, step 1e-6: second derivative up to n/λ ≈ 1e3, so 1e-3 relative.
    assert variance == pytest.approx(np.var(slopes, ddof=1) / n, rel=5e-3)


def test_classes_and_the_real_score_stand_in_the_details_and_zero_rows_are_refused() -> None:
    labels = np.repeat([0, 1], 20)
    bank = FeatureBank(rows(40, 5, 0), labels=labels)
    found = compute(Evidence(bank, bank), ["vendi_score"])[0]
    # One by eigenvalues alone, one with vectors: float64 rounding.
    assert found.details["real"] == pytest.approx(found.value, rel=1e-9)
    expected = by_similarity(rows(40, 5, 0)[:20])
    assert found.details["fake_by_class"]["0"] == pytest.approx(expected, rel=1e-9)
    with pytest.raises(NonFiniteError, match="row 1"):
        log_vendi_score(np.array([[1, 0], [0, 0]], np.float32))


def test_equals_the_vendi_score_package() -> None:
    from vendi_score import vendi

    features = np.random.default_rng(3).standard_normal((60, 9)).astype(np.float32)
    unit = features.astype(np.float64) / np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    expected = vendi.score_dual(unit)
    assert np.exp(log_vendi_score(features)[0]) == pytest.approx(expected, rel=1e-6)


@covers("vendi_score")
def test_the_interval_covers_the_mean_of_fresh_draws() -> Case:
    return Case(two(300, 5, 0.3))


@pytest.mark.parametrize(("n", "d"), [(50, 200), (100, 400)])
@covers("vendi_score")
def test_the_interval_covers_the_mean_where_rows_are_few_for_the_dimension(n: int, d: int) -> Case:
    return Case(two(n, d))


def test_the_variance_of_few_rows_is_the_mean_of_two_and_compare_has_it_too() -> None:
    features = rows(60, 30, 6)
    order = np.random.default_rng(0).permutation(60)
    delta = log_vendi_score(features)[1]
    left = [np.log(by_similarity(np.delete(features, order[3 * g : 3 * g + 3], 0))) for g in range(20)]
    jackknife = 19 / 20 * np.square(left - np.mean(left)).sum()
    # float64 eigenvalues of two forms of one matrix.
    assert second_order(features, delta, order) == pytest.approx((delta + jackknife) / 2, rel=1e-6)
    assert second_order(rows(240, 30, 6), delta, np.arange(240)) == delta
    evidence = Evidence(FeatureBank(rows(60, 30, 7)), FeatureBank(features))
    estimate = compute(evidence, ["vendi_score"])[0]
    assert estimate.high is not None and estimate.value is not None
    spread = np.log(estimate.high / estimate.value) / 1.959964 * estimate.value
    assert influence(evidence).variance ** 0.5 == pytest.approx(spread, rel=1e-4)
