"""RKE against modes that can be counted, the eigenvalues of the kernel matrix, its influence and its interval."""

import numpy as np
import pytest
from covering import Case, covers
from draws import rows, two

from gantlet.core.errors import ConfigError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.rke import influence
from gantlet.evaluation.stats.feature_bank import FeatureBank


def test_far_narrow_modes_count_one_each() -> None:
    centres = 100 * np.eye(7, dtype=np.float32)
    bank = FeatureBank(
        np.repeat(centres, 20, axis=0) + np.random.default_rng(0).normal(0, 1e-3, (140, 7)).astype(np.float32)
    )
    assert compute(Evidence(bank, bank), ["rke[sigma=0.1]"])[0].value == pytest.approx(7, rel=1e-4)
    three = FeatureBank(bank.features[:60])
    found = compute(Evidence(bank, three), ["rke[sigma=0.1]"])[0]
    assert found.value == pytest.approx(3, rel=1e-4)
    assert found.details["real"] == pytest.approx(7, rel=1e-4)


def test_equals_the_entropy_of_order_2_of_the_kernels_eigenvalues() -> None:
    rng = np.random.default_rng(1)
    real, fake = rows(rng, 90, 4), rows(rng, 70, 4, 0.5)
    x = real.features.astype(float)
    distances = np.square(x[:, None] - x).sum(2)
    width = 0.25 * distances.sum() / (90 * 89)  # (0.5)² times the mean squared distance of two real rows
    y = fake.features.astype(float)
    kernel = np.exp(-np.square(y[:, None] - y).sum(2) / (2 * width))
    eigenvalues = np.linalg.eigvalsh(kernel / 70)
    found = compute(Evidence(real, fake), ["rke"])[0]
    assert found.value == pytest.approx(1 / np.square(eigenvalues).sum(), rel=1e-5)
    assert found.details["sigma"] == pytest.approx(width**0.5, rel=1e-5)


def test_influence_is_the_change_when_a_row_counts_twice() -> None:
    rng = np.random.default_rng(2)
    real, fake = rows(rng, 60, 3), rows(rng, 50, 3, 0.4)
    value = compute(Evidence(real, fake), ["rke"])[0].value
    found = influence(Evidence(real, fake))
    assert value is not None and found.real is not None and found.fake is not None
    for side, psi in ((0, found.real), (1, found.fake)):
        bank = (real, fake)[side]
        measured = []
        for row in range(0, bank.n, 7):
            # every row 40 times, one of them once more: its weight grows by 1/(40 n), the kernel's by 40 copies alike
            more = FeatureBank(np.concatenate([np.repeat(bank.features, 40, axis=0), bank.features[row : row + 1]]))
            sides = [real, fake]
            sides[side] = more
            base = [real, fake]
            base[side] = FeatureBank(np.repeat(bank.features, 40, axis=0))
            one, other = (compute(Evidence(*pair), ["rke"])[0].value for pair in (sides, base))
            measured.append((one - other) * 40 * bank.n)
        np.testing.assert_allclose(psi[::7], measured, atol=0.05 * np.abs(psi).max())


def test_a_width_that_is_none_is_refused() -> None:
    bank = rows(np.random.default_rng(3), 20, 2)
    with pytest.raises(ConfigError, match="sigma > 0"):
        compute(Evidence(bank, bank), ["rke[sigma=0]"])


@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("n", [100, 300, 1000])
@covers("rke")
def test_the_interval_covers_the_mean_of_fresh_draws(n: int, shift: float) -> Case:
    return Case(two(n, 4, shift))
