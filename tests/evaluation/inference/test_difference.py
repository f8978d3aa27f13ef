"""Paired differences: the variance formula against Monte Carlo, and the fallback on intervals."""

import numpy as np
import pytest

from gantlet.core.errors import ShapeError
from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.inference.difference import (
    Influence,
    difference_variance,
    effective_number,
    interval_variance,
    of_covered,
)


def test_shared_real_noise_cancels() -> None:
    generator = np.random.default_rng(0)
    shared, own = generator.standard_normal(2000), generator.standard_normal((2, 1000))
    a, b = Influence(shared, own[0]), Influence(shared + 0.1 * generator.standard_normal(2000), own[1])
    unpaired = a.variance + b.variance
    paired = difference_variance(a, b, paired_fakes=False)
    assert paired < unpaired
    # by hand: var(0.1 ε)/2000 + 2 var/1000, each with a relative error of √(2/n) < 5 %
    assert paired == pytest.approx(0.01 / 2000 + 2 / 1000, rel=0.15)


def test_paired_fakes_cancel_too() -> None:
    values = np.random.default_rng(1).standard_normal(500)
    assert difference_variance(
        Influence(fake=values), Influence(fake=values + 3.0), paired_fakes=True
    ) == pytest.approx(0, abs=1e-20)


def test_variance_is_that_of_repeated_differences() -> None:
    generator = np.random.default_rng(2)

    def once() -> tuple[float, float]:
        real = generator.standard_normal(200)
        a, b = generator.standard_normal(100), generator.standard_normal(150)
        influence = Influence(real, a), Influence(-0.5 * real, b)
        difference = real.mean() + a.mean() - (-0.5 * real.mean() + b.mean())
        return difference, difference_variance(*influence, paired_fakes=False)

    result = np.array([once() for _ in range(2000)])
    # the variance of 2000 normal draws has a relative standard error of √(2/2000) = 3.2 %
    assert result[:, 0].var() == pytest.approx(result[:, 1].mean(), rel=0.13)


def test_rows_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ShapeError, match="same images"):
        difference_variance(Influence(np.zeros(3)), Influence(np.zeros(4)), paired_fakes=False)


def test_an_interval_gives_back_its_variance() -> None:
    assert interval_variance(Estimate("x", 1.0, 1 - 1.959964 * 0.5, 1 + 1.959964 * 0.5, "delta")) == pytest.approx(
        0.25, rel=1e-6
    )
    assert interval_variance(Estimate("x", 1.0)) is None


def test_rows_that_hang_on_one_fake_share_its_noise() -> None:
    covered = np.array([True] * 60 + [False] * 40)
    owner = np.full(100, -1)
    owner[:40] = np.repeat(np.arange(10), 4)
    result = of_covered(covered, owner, 25)
    p, n_eff = 0.6, 100 * 40 / 160
    assert effective_number(owner) == n_eff
    # var(real) has divisor n − 1 instead of n
    assert result.variance == pytest.approx(p * (1 - p) * (1 / 99 + 1 / n_eff - 1 / 100))
    alone = of_covered(covered, np.full(100, -1), 25)
    assert alone.fake is None or not alone.fake.any()
