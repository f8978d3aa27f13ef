"""Mann and Whitney's statistic is SciPy's, ties included."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import mannwhitneyu

from gantlet.evaluation.stats.ranks import apart, higher_ranks


def test_it_is_scipys_with_ties_and_its_variance_can_be_inflated() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 30, 50).astype(float), rng.integers(0, 25, 40).astype(float)
    usual = mannwhitneyu(second, first, alternative="less", method="asymptotic", use_continuity=False).pvalue
    z = higher_ranks(first, second)
    assert float(ndtr(z)) == pytest.approx(usual, rel=1e-9)
    assert higher_ranks(first, second, inflated=2.0) == pytest.approx(z / 2**0.5, rel=1e-12)
    assert higher_ranks(second, first) == pytest.approx(-z, rel=1e-12)
    assert higher_ranks(np.ones(4), np.ones(5)) == 0


@pytest.mark.parametrize(("n", "d"), [(40, 2), (120, 64)])
def test_samples_of_one_distribution_are_apart_as_chance_gives(n: int, d: int) -> None:
    """Each half's statistic is standard normal: the larger of both exceeds z with probability at most 2·P(Z > z) = 0.1 at 1.645."""
    rng = np.random.default_rng(n)
    found = [apart(*(rng.standard_t(2, (size, d)).astype(np.float32) for size in (n, n + 30)), rng) for _ in range(200)]
    assert sum(one > 1.645 for one in found) <= 32  # 20, and 2.8 standard deviations
    assert max(found) < 4.6  # 400 normal numbers: by chance once in a thousand


@pytest.mark.parametrize("change", ["shift", "spread"])
def test_heavy_tails_hide_no_difference(change: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        one, other = (rng.standard_t(1.5, (300, 32)).astype(np.float32) for _ in range(2))
        assert apart(one, other + 0.5 if change == "shift" else other * 2, rng) > 6
