"""Sinkhorn's potentials against POT's plan, closed forms and the limits of ε."""

import numpy as np
import ot
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from gantlet.core.errors import ConfigError, GantletError, NonFiniteError
from gantlet.transport import SOLVERS, solve
from gantlet.transport import costs as costs_module
from gantlet.transport.costs import cost_of
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


def test_weights_change_the_plan_as_pots() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 2)), rng.standard_normal((25, 2)) + 1
    a, b = rng.dirichlet(np.full(30, 2.0)), rng.dirichlet(np.full(25, 2.0))
    result = solve(x, y, method="sinkhorn[epsilon=0.1,tolerance=1e-9]", source_masses=a, target_masses=b)
    cost = ot.dist(x, y)
    epsilon = 0.1 * float(a @ cost @ b)
    assert result.details["epsilon"] == pytest.approx(epsilon)
    plan = ot.sinkhorn(a, b, cost, epsilon, method="sinkhorn_log", stopThr=1e-12, numItermax=100_000)
    np.testing.assert_allclose(result.plan, plan, atol=1e-9)
    own = [ot.sinkhorn(m, m, ot.dist(z, z), epsilon, method="sinkhorn_log", stopThr=1e-12) for z, m in ((x, a), (y, b))]

    def value(p: np.ndarray, c: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
        return float((p * c).sum() + epsilon * (p * np.log(p / np.outer(first, second))).sum())

    expected = value(plan, cost, a, b) - (value(own[0], ot.dist(x, x), a, a) + value(own[1], ot.dist(y, y), b, b)) / 2
    assert result.details["divergence"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("cost", ["quadratic", "euclidean", "cosine", "minkowski[p=1]"])
@pytest.mark.parametrize("iterations", [3, 2000])
def test_the_result_keeps_its_invariants_converged_or_not(cost: str, iterations: int) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((40, 3)), rng.standard_normal((30, 3)) + 0.5
    a, b = rng.dirichlet(np.full(40, 2.0)), rng.dirichlet(np.full(30, 2.0))
    both = {"source_masses": a, "target_masses": b}
    result = solve(x, y, cost, f"sinkhorn[epsilon=0.01,iterations={iterations},tolerance=1e-4]", **both)
    assert result.converged == (iterations == 2000), result.reason
    matrix = cost_of(cost).between(torch.from_numpy(x), torch.from_numpy(y)).numpy()  # type: ignore[misc]
    assert result.source_potential is not None and result.target_potential is not None
    slack = matrix - result.source_potential[:, None] - result.target_potential
    assert slack.min() >= -1e-12 and slack.min(axis=1).max() <= 1e-12  # f + g ≤ c, and f is as large as may be
    exact = solve(x, y, cost, **both).cost
    assert exact == pytest.approx(ot.emd2(a, b, matrix), rel=1e-9)
    proof = result.certificate
    assert proof.lower is not None and proof.upper is not None
    assert proof.lower <= exact + 1e-12 and exact <= proof.upper + 1e-12 <= 1.6 * exact
    assert result.map is not None and result.map(x).shape == (40, 3)


def test_a_large_problem_is_computed_by_tiles_and_stops_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs_module, "TILE", 1000)
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((150, 2)), rng.standard_normal((120, 2)) + 1
    loose = "sinkhorn[epsilon=0.5,tolerance=1e-11]"
    result = solve(x, y, method=loose)
    matrix = ot.dist(x, y)
    small = solve(x, y, matrix, loose)  # a matrix is not tiled
    assert result.target_potential is not None and small.target_potential is not None
    assert np.ptp(result.target_potential - small.target_potential) < 1e-8  # equal up to a constant
    assert result.certificate.upper == pytest.approx(small.certificate.upper, rel=1e-8)
    assert small.map is None and "divergence" not in small.details
    hurried = solve(x, y, method="sinkhorn[epsilon=0.001,tolerance=1e-9]", time_limit=1e-3)
    assert not hurried.converged and hurried.iterations == 1 and hurried.certificate.lower is not None
