"""Potentials by finite differences; the permutation null against real relabelling."""

import numpy as np
import pytest

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.gaussian import contrast, gaussian_null, potentials
from gantlet.evaluation.stats.moments import Moments


def rows(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + shift).astype(np.float32)


def test_potentials_are_the_derivative_in_the_weight_of_a_row() -> None:
    real, fake = rows(60, 4, 0), rows(50, 4, 1, 0.5)
    result = potentials(real, fake, Moments.of(real), Moments.of(fake))
    assert not result.singular

    def weighted(index: int, amount: float) -> float:
        weights = np.full(len(fake), 1 / len(fake)) * (1 - amount)
        weights[index] += amount
        mean = weights @ fake.astype(np.float64)
        x = fake - mean
        cov = (x * weights[:, None]).T @ x * (len(fake) / (len(fake) - 1))
        return frechet_distance(Moments.of(real), Moments(len(fake), mean, cov * (len(fake) - 1)))

    step = 1e-5
    slopes = [(weighted(i, step) - weighted(i, -step)) / (2 * step) for i in range(10)]
    # Central differences: error O(step²)·third derivative ≈ 1e-8.
    scaled = result.fake[:10] - result.fake.mean()
    expected = np.array(slopes) - np.mean([(weighted(i, step) - weighted(i, -step)) / (2 * step) for i in range(50)])
    # The divisor n − 1 against n changes the quadratic part by 1/49; the linear part is exact.
    np.testing.assert_allclose(scaled, expected, rtol=0.05, atol=0.05 * np.abs(expected).max())


def test_potentials_vanish_where_both_sides_are_one_set() -> None:
    real = rows(80, 5, 2)
    result = potentials(real, real, Moments.of(real), Moments.of(real))
    assert np.abs(result.real).max() < 1e-9 * np.square(real).sum(axis=1).max()


@pytest.mark.parametrize(("n", "m"), [(12, 9), (9, 12), (12, 60), (60, 12)])
def test_rows_and_covariances_give_the_same_where_samples_are_few(n: int, m: int) -> None:
    real, fake = rows(n, 20, 3), rows(m, 20, 4, 0.5)
    by_rows = Moments.of(real), Moments.of(fake)
    by_covariance = tuple(Moments(part.n, part.mean, part.m2) for part in by_rows)
    assert any(part.centred is not None for part in by_rows)
    # The truth by singular values of the two factors, which lose nothing: relative 1e-12.
    shift = by_rows[0].mean - by_rows[1].mean
    factors = [(x - x.mean(axis=0)) / (len(x) - 1) ** 0.5 for x in (real.astype(np.float64), fake.astype(np.float64))]
    spread = sum(float(np.square(factor).sum()) for factor in factors)
    expected = float(shift @ shift) + spread - 2 * float(np.linalg.norm(factors[0] @ factors[1].T, "nuc"))
    assert frechet_distance(*by_rows) == pytest.approx(expected, rel=1e-9)
    # The covariances' route takes roots of eigenvalues that are 0 but for rounding, √2⁻⁵² each: relative 1e-7.
    assert frechet_distance(*by_covariance) == pytest.approx(expected, rel=1e-7)
    one, other = (potentials(real, fake, *moments) for moments in (by_rows, by_covariance))
    assert one.singular and other.singular
    for side in ("real", "fake"):
        result, wanted = getattr(one, side), getattr(other, side)
        # Inverse roots lose the condition of the product (1e3 here) on top of 2⁻⁵².
        np.testing.assert_allclose(result, wanted, atol=1e-9 * np.abs(wanted).max())


def test_the_null_of_few_rows_is_that_of_their_covariance() -> None:
    real, fake = rows(24, 60, 7), rows(30, 60, 8)
    evidence = Evidence(FeatureBank(real), FeatureBank(fake))
    pooled = evidence.real.moments.merge(evidence.fake.moments)
    assert pooled.centred is not None
    slow = gaussian_null(real, fake, Moments(pooled.n, pooled.mean, pooled.m2), evidence.orders)
    # Float32 deviations in another basis of the same eigenspaces: relative 1e-6.
    for part in ("means", "covariances"):
        one, other = getattr(evidence.gaussian_null, part), getattr(slow, part)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(other).max())


def test_fewer_samples_than_dimensions_are_flagged_as_singular() -> None:
    real, fake = rows(10, 20, 3), rows(12, 20, 4)
    result = potentials(real, fake, Moments.of(real), Moments.of(fake))
    assert result.singular
    assert np.isfinite(result.variance)


@pytest.mark.parametrize("n_fake", [600, 240])
def test_the_null_equals_relabelling_single_rows(n_fake: int) -> None:
    # Oracle: the exact distance after 200 random relabellings of single rows.
    rng = np.random.default_rng(5)
    pool = np.concatenate([rows(600, 6, 6), rows(600, 6, 6)[:n_fake]])
    pool += 0.01 * rng.standard_normal(pool.shape).astype(np.float32)
    banks = FeatureBank(pool[:600]), FeatureBank(pool[600:])
    nulls = [Evidence(*banks, seed=seed).gaussian_null.distances(np.random.default_rng(seed)) for seed in range(10)]
    result = np.array([null[1:] for null in nulls])
    exact = []
    for _ in range(300):
        order = rng.permutation(len(pool))
        exact.append(frechet_distance(Moments.of(pool[order[:600]]), Moments.of(pool[order[600:]])))
    # One null distribution, conditional on its 40 groups, has a mean with relative sd ≈ √(2/(39·2)) = 16 %, ten of them 5 %; the
    # exact mean's is 0.6/√300 = 3.5 %: 15 %. The spread is a second moment: 25 %.
    assert result.mean() == pytest.approx(np.mean(exact), rel=0.15)
    assert result.std(axis=1).mean() == pytest.approx(np.std(exact), rel=0.25)


def test_combined_contrasts_are_those_of_the_groups_quarters() -> None:
    # Oracle: group g of a side belongs to its quarter g mod 4; the distance of two sets of groups is aᵀ(means + covariances)a.
    null = Evidence(FeatureBank(rows(80, 3, 9)), FeatureBank(rows(80, 3, 10))).gaussian_null
    g = len(null.means)
    a = np.zeros(g)
    real, fake = np.arange(null.n_real_groups), np.arange(null.n_real_groups, g)
    plus, minus = [real[real % 4 == 0], fake[(fake - len(real)) % 4 == 3]], [real[real % 4 == 2]]
    a[np.concatenate(plus)], a[np.concatenate(minus)] = 0.5 / len(plus[0]), -1 / len(minus[0])
    found = null.combined(contrast((0, 7), (2,)), 3 * contrast((0, 7), (2,)), np.random.default_rng(0))
    assert found[0] == pytest.approx(null.scale * (a @ null.means @ a + 3 * a @ null.covariances @ a), rel=1e-12)
    order = np.random.default_rng(0).permutation(g)
    relabelled = a @ (null.means + 3 * null.covariances)[np.ix_(order, order)] @ a
    assert found[1] == pytest.approx(null.scale * relabelled, rel=1e-12)


def test_groups_of_one_side_are_as_unlike_as_groups_of_two() -> None:
    # Relabelling a Gram matrix whose same-side entries differ from the others' would count that difference as spread. Of g groups
    # about one mean every entry off the diagonal has the mean −diagonal/(g − 1); over some 400 entries of either kind, each a
    # tenth of the diagonal in 64 dimensions at most, their means differ by half of that or less.
    real, fake = (np.random.default_rng(seed).standard_normal((200, 64)).astype(np.float32) for seed in (11, 12))
    null = Evidence(FeatureBank(real), FeatureBank(fake + np.float32(3))).gaussian_null.within()
    n, g = null.n_real_groups, len(null.means)
    side = np.arange(g) < n
    for part in (null.means, null.covariances):
        same = part[(side[:, None] == side) & ~np.eye(g, dtype=bool)].mean()
        expected = -np.diag(part).mean() / (g - 1)
        assert same == pytest.approx(expected, rel=0.5)
        assert part[side][:, ~side].mean() == pytest.approx(expected, rel=0.5)


def test_too_few_samples_for_groups() -> None:
    with pytest.raises(TooFewSamples, match="real=19"):
        Evidence(FeatureBank(rows(19, 2, 0)), FeatureBank(rows(40, 2, 1))).gaussian_null
