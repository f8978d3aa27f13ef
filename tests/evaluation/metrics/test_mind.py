"""MIND against its published sum, sliced_wasserstein, and its interval."""

import numpy as np
import pytest
import torch
from covering import Case, covers
from draws import rows, two

from gantlet.core.errors import ConfigError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.stats.feature_bank import FeatureBank


def published(real: np.ndarray, fake: np.ndarray, projections: int, seed: int) -> float:
    """Eq. of arXiv:2605.06797 with the directions that torch-fidelity draws, line by line."""
    d = real.shape[1]
    u = torch.randn(projections, d, generator=torch.Generator("cpu").manual_seed(seed)).numpy()
    total = 0.0
    for line in u / np.linalg.norm(u, axis=1, keepdims=True):
        total += float(np.square(np.sort(real @ line) - np.sort(fake @ line)).sum())
    return 3 * d * total / (len(real) * projections)


def test_equals_the_published_sum_with_torch_fidelitys_directions() -> None:
    rng = np.random.default_rng(0)
    real, fake = rows(rng, 150, 9), rows(rng, 150, 9, 0.4, 1.2)
    for spec, projections, seed in (("mind", 1000, 2020), ("mind[projections=64,seed=3]", 64, 3)):
        found = compute(Evidence(real, fake), [spec])[0]
        assert found.value == pytest.approx(published(real.features, fake.features, projections, seed), rel=1e-5)


def test_a_shift_costs_three_times_its_square_and_the_larger_side_is_cut() -> None:
    bank = rows(np.random.default_rng(1), 200, 8)
    moved = FeatureBank(bank.features + np.float32(0.7))
    # (u·s)² has the mean |s|²/d over unit u: 3d·|s|²/d; 1,000 directions give it to about √(2/1000)·2
    assert compute(Evidence(bank, moved), ["mind"])[0].value == pytest.approx(3 * 8 * 0.49, rel=0.15)
    cut = compute(Evidence(bank, rows(np.random.default_rng(2), 90, 8)), ["mind"])[0]
    assert (cut.n_real, cut.n_fake) == (90, 90)
    with pytest.raises(ConfigError, match="projections"):
        compute(Evidence(bank, moved), ["mind[projections=2]"])


@pytest.mark.parametrize("shift", [0.0, 0.3])
@pytest.mark.parametrize("n", [100, 300, 1000])
@covers("mind")
def test_the_interval_covers_the_mean_of_fresh_draws(n: int, shift: float) -> Case:
    return Case(two(n, 6, shift))
