"""The bias is measured on mixtures whose distance is zero: exact cases, the known distance at n below and above d, coverage."""

import numpy as np
import pytest
from covering import Case, covers
from draws import skewed, stretched

from gantlet.core.errors import TooFewSamples
from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.metrics.frechet_distance_debiased import influence
from gantlet.evaluation.stats.bank import SummaryBank
from gantlet.evaluation.stats.debiasing import HALF, WHOLE, Debiased, debiased
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.gaussian import PLAIN
from gantlet.evaluation.stats.moments import Moments
from gantlet.evaluation.stats.summary import Summary

D, REPEATS = 32, 24
ROOTS = np.arange(1, D + 1) ** -0.5
TURN = np.linalg.qr(np.eye(D) + 0.05 * np.random.default_rng(0).standard_normal((D, D)))[0]
FAKES = {"null": np.diag(ROOTS), "scaled": 1.3 * np.diag(ROOTS), "turned": np.diag(ROOTS) @ TURN}
"""Factors A of fakes x A, x standard normal; the real ones are ``null``."""


def population_distance(case: str) -> float:
    cov = [factor.T @ factor for factor in (FAKES["null"], FAKES[case])]
    return frechet_distance(*(Moments(10**9, np.zeros(D), (10**9 - 1) * each) for each in cov))


def drawn(case: str, n: int, repeat: int, m: int | None = None) -> Evidence:
    rng = np.random.default_rng([repeat, n])
    sides = rng.standard_normal((n, D)) @ FAKES["null"], rng.standard_normal((m or n, D)) @ FAKES[case]
    return Evidence(*(FeatureBank(side.astype(np.float32)) for side in sides), seed=repeat)


def measured(case: str, n: int, repeat: int, m: int | None = None) -> Estimate:
    return compute(drawn(case, n, repeat, m), ["frechet_distance_debiased"])[0]


def literal(real: list[np.ndarray], fake: list[np.ndarray]) -> float:
    """The estimator written out on rows of equal sides, roots of matrices by eigenvalues of the product."""

    def root(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.sqrt(np.maximum(np.linalg.eigvals(a @ b).real, 0)).sum())

    def cov(*parts: np.ndarray) -> np.ndarray:
        return np.cov(np.concatenate(parts).T)

    s, t = cov(*real), cov(*fake)
    scale = np.trace(s) / np.trace(t)

    def mixed(part: tuple[int, ...]) -> np.ndarray:
        return (cov(*(real[q] for q in part if q < 4)) + scale * cov(*(fake[q - 4] for q in part if q > 3))) / 2

    def lost(pairs: tuple) -> float:
        return float(np.mean([1 - 2 * root(a, b) / np.trace(a + b) for a, b in (map(mixed, pair) for pair in pairs)]))

    n = sum(map(len, real))
    whole, half = lost(WHOLE), lost(HALF)
    power = np.clip(np.log2(half / whole), 0, 1)
    whole *= ((n - 2) / (n - 1)) ** power
    half *= ((n / 2 - 2) / (n / 2 - 1)) ** power
    shift = np.concatenate(real).mean(0) - np.concatenate(fake).mean(0)
    halves = (root(cov(*real[::2]), cov(*fake[::2])) + root(cov(*real[1::2]), cov(*fake[1::2]))) / 2
    roots = 2 * root(s, t) / (1 - whole) - halves / (1 - half)
    return float(shift @ shift + (1 - 1 / n) * np.trace(s + t) - 2 * roots)


@pytest.mark.parametrize("size", [5, 20])
def test_is_the_formula_written_out(size: int) -> None:
    # 20 rows in 7 dimensions, and in 30 where every covariance is singular and comes from the rows.
    d = 7 if size == 20 else 30
    rng = np.random.default_rng(1)
    real, fake = ([rng.standard_normal((size, d)) * scale + scale for _ in range(4)] for scale in (1.0, 1.3))
    result = debiased([Moments.of(x) for x in real], [Moments.of(x) for x in fake])
    # roots of eigenvalues that are 0 but for rounding, √2⁻⁵² each
    assert result.value == pytest.approx(literal(real, fake), rel=1e-6)
    assert result.plain == pytest.approx(
        frechet_distance(Moments.of(np.concatenate(real)), Moments.of(np.concatenate(fake))), rel=1e-9
    )


def test_the_noise_is_that_of_the_contrasts() -> None:
    # ρ = 1: W = 2 (plain − mixtures) − (halves − mixtures). Each difference keeps nothing of a shift of real against fake: the bias
    # of the covariances is taken away, tr W = 0 for noise alike in all quarters. ‖W‖ = √2·‖plain‖: twice its variance.
    contrasts = Debiased(0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0).contrasts
    assert np.trace(contrasts) == pytest.approx(0, abs=1e-12)
    assert np.linalg.norm(contrasts) / np.linalg.norm(PLAIN) == pytest.approx(2**0.5)


@pytest.mark.parametrize(("case", "n"), [("null", 24), ("null", 128), ("scaled", 48), ("scaled", 128), ("turned", 128)])
def test_holds_the_populations_distance(case: str, n: int) -> None:
    truth, estimates = population_distance(case), [measured(case, n, repeat) for repeat in range(REPEATS)]
    values = np.array([estimate.value for estimate in estimates])
    plain = np.mean([estimate.details["plain"] for estimate in estimates])
    # The mean of 24 is within 3.5 standard errors of the truth, whose share of the plain bias is small.
    error = values.std(ddof=1) / REPEATS**0.5
    assert abs(values.mean() - truth) < 3.5 * error
    assert 3.5 * error < 0.5 * (plain - truth)
    held = sum(estimate.low <= truth <= estimate.high for estimate in estimates)
    # An interval that covers 92 % holds 18 of 24 or fewer with probability 1.2 %.
    assert held >= 19


def test_the_larger_side_is_cut() -> None:
    evidence = drawn("scaled", 64, 3, 160)
    found = compute(evidence, ["frechet_distance_debiased"])[0]
    order = evidence.orders[1][:64]
    alone = Evidence(evidence.real, evidence.fake.take(order), seed=3)
    assert (found.n_real, found.n_fake) == (64, 64)
    assert found.details["plain"] == pytest.approx(compute(alone, ["frechet_distance"])[0].value, rel=1e-9)
    assert "cut at random" in found.notes[0]
    whole = influence(evidence)
    assert len(whole.fake) == 160 and np.count_nonzero(whole.fake) == 64
    # the variance over all rows is that of the part: Σψ²/n², up to n against n − 1
    assert whole.fake.var() / 160 == pytest.approx(alone.potentials.fake.var() / 64, rel=1e-9)


def test_a_larger_statistics_file_widens_the_interval() -> None:
    values, held = [], 0
    for repeat in range(20):
        evidence = drawn("null", 64, repeat, 400)
        file = SummaryBank(Summary.of(evidence.fake.features, None))
        found = compute(Evidence(evidence.real, file, seed=repeat), ["frechet_distance_debiased"])[0]
        values.append(found.value)
        held += found.low <= 0 <= found.high
    assert held >= 17
    assert 0 < np.mean(values) < 0.4 * found.details["plain"]


def test_sides_without_spread() -> None:
    constant = [Moments.of(np.ones((3, 2)))] * 4
    assert debiased(constant, constant).value == 0
    fake = [Moments.of(np.random.default_rng(q).standard_normal((3, 2))) for q in range(4)]
    assert np.isfinite(debiased(fake, constant).value) and np.isfinite(debiased(constant, fake).value)


def test_too_few_samples() -> None:
    with pytest.raises(TooFewSamples, match="real=7"):
        debiased([Moments.of(np.ones((n, 2))) for n in (2, 2, 2, 1)], [Moments.of(np.ones((4, 2)))] * 4)


@covers("frechet_distance_debiased")
def test_the_interval_covers_the_closed_form() -> Case:
    return stretched()


@pytest.mark.parametrize("case", ["null", "near", "away"])
@covers("frechet_distance_debiased")
def test_the_interval_covers_the_mean_of_fresh_draws_of_skewed_features(case: str) -> Case:
    return Case(skewed(300, case))


@pytest.mark.parametrize(("n", "interval"), [(31, False), (32, True)])
def test_below_half_the_dimension_there_is_no_interval(n: int, interval: bool) -> None:
    # n = 15 in d = 64, N(0, I) against N(0, 1.44 I): the interval held the distance 2.56 in half of 160 draws.
    rng = np.random.default_rng(8)
    sides = (FeatureBank(scale * rng.standard_normal((n, 64)).astype(np.float32)) for scale in (1.0, 1.2))
    found = compute(Evidence(*sides), ["frechet_distance_debiased"])[0]
    assert (found.low is not None) == interval
    assert interval or "below half of the 64 dimensions" in found.notes[-1]
