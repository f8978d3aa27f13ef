"""Mann and Whitney's statistic is SciPy's, ties included."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import mannwhitneyu

from gantlet.evaluation.stats.ranks import higher_ranks


def test_it_is_scipys_with_ties_and_its_variance_can_be_inflated() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 30, 50).astype(float), rng.integers(0, 25, 40).astype(float)
    usual = mannwhitneyu(second, first, alternative="less", method="asymptotic", use_continuity=False).pvalue
    z = higher_ranks(first, second)
    assert float(ndtr(z)) == pytest.approx(usual, rel=1e-9)
    assert higher_ranks(first, second, inflated=2.0) == pytest.approx(z / 2**0.5, rel=1e-12)
    assert higher_ranks(second, first) == pytest.approx(-z, rel=1e-12)
    assert higher_ranks(np.ones(4), np.ones(5)) == 0
