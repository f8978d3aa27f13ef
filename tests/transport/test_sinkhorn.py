"""Sinkhorn's potentials against POT's plan, closed forms and the limits of ε."""

import numpy as np
import ot
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from gantlet.core.errors import ConfigError, GantletError, NonFiniteError
from gantlet.transport import SOLVERS
from gantlet.transport.sinkhorn import sinkhorn, sinkhorn_to_itself


def costs(n: int, m: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 3, generator=generator, dtype=torch.float64)
    y = torch.randn(m, 3, generator=generator, dtype=torch.float64) + 0.5
    return torch.cdist(x, y).square()


@pytest.mark.parametrize("epsilon", [0.1, 1.0])
def test_plan_and_value_equal_pots(epsilon: float) -> None:
    cost = costs(30, 40)
    result = sinkhorn(cost, epsilon, tolerance=1e-10)
    a, b = np.full(30, 1 / 30), np.full(40, 1 / 40)
    plan = ot.sinkhorn(a, b, cost.numpy(), epsilon, method="sinkhorn_log", stopThr=1e-12, numItermax=100_000)
    np.testing.assert_allclose(result.plan(cost).numpy(), plan, atol=1e-9)
    primal = (plan * cost.numpy()).sum() + epsilon * (plan * np.log(plan * 1200)).sum()
    # Marginal error 1e-10 times potentials of size 10.
    assert result.value == pytest.approx(primal, rel=1e-8)


def test_small_and_large_epsilon_are_exact_transport_and_independence() -> None:
    cost = costs(12, 12)
    rows, columns = linear_sum_assignment(cost.numpy())
    exact = float(cost[rows, columns].mean())
    sharp = sinkhorn(cost, 0.02).value
    # 0 ≤ ε KL ≤ ε log n; a marginal error of 1e-3 times potentials of size 10 changes the value by less than 0.01.
    assert exact - 0.01 <= sharp <= exact + 0.02 * np.log(12) + 0.01
    # Value = ⟨abᵀ, C⟩ − O(var C/ε).
    assert sinkhorn(cost, 1e6).value == pytest.approx(float(cost.mean()), rel=1e-4)


def test_a_set_to_itself_has_one_potential() -> None:
    x = torch.randn(25, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    cost = torch.cdist(x, x).square()
    alone, both = sinkhorn_to_itself(cost, 1.0, tolerance=1e-9), sinkhorn(cost, 1.0, tolerance=1e-4)
    # Outliers, almost cut off from the others, slow the alternating form down: the value errs by a marginal error of 1e-4 times potentials of size 1.
    assert alone.value == pytest.approx(both.value, rel=2e-4)


def test_errors_and_registration() -> None:
    assert "sinkhorn" in SOLVERS
    with pytest.raises(ConfigError, match="epsilon"):
        sinkhorn(costs(3, 3), 0.0)
    with pytest.raises(NonFiniteError):
        sinkhorn(costs(3, 3) * torch.inf, 1.0)
    with pytest.raises(GantletError, match="did not converge"):
        sinkhorn(costs(20, 20), 1e-3, iterations=2)
    with pytest.raises(GantletError, match="did not converge"):
        sinkhorn_to_itself(costs(20, 20) + costs(20, 20).T, 1e-3, iterations=1, tolerance=1e-12)
