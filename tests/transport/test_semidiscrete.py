"""Semi-discrete solvers on known cells, against exact transport; the certificate against its stated coverage."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.processes import ALONE
from gantlet.transport import SOLVERS, ascent, solve
from gantlet.transport.cells import CPU, assign, best_cells, leaders
from gantlet.transport.certificate import chi2
from gantlet.transport.continuous import Box, Gaussian, Polygon
from gantlet.transport.problem import Points

FAST = "semidiscrete-stochastic[steps=200,batch=1024]"
SEEDS = st.integers(0, 10**6)


def test_symmetric_targets_share_the_square_equally_at_the_known_cost() -> None:
    y = np.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])
    result = solve(Box.unit(2), y, method=FAST)
    assert "semidiscrete-stochastic" in SOLVERS and result.converged and result.map is not None
    # Each cell is a square of side ½ with its target in the middle: E|x − T|² = 2·(½)²/12; 10,000 samples of sd 0.03.
    assert result.cost == pytest.approx(1 / 24, abs=5 * 0.03 / 100)
    np.testing.assert_allclose(result.target_potential, 0.0, atol=5e-3)
    x = np.random.default_rng(0).uniform(size=(50, 2))
    assert (result.map(x) == np.where(x < 0.5, 0.25, 0.75)).mean() > 0.97


def test_one_dimension_has_cells_that_are_quantiles_under_masses_that_differ() -> None:
    y, nu = np.array([[-1.0], [0.0], [4.0]]), np.array([0.2, 0.5, 0.3])
    result = solve(Box.unit(1), y, method="semidiscrete-stochastic[tolerance=0.002,audit=20000]", target_masses=nu)
    assert result.converged, result.reason
    x = np.linspace(0.001, 0.999, 999)[:, None]
    assert result.map is not None
    ends = [float(x[result.map(x)[:, 0] <= value].max()) for value in (-1.0, 0.0)]
    # χ² ≤ 0.002 means |w − ν| ≤ ν^½·0.045 ≤ 0.032 a cell, at most twice that for the second end.
    assert ends == pytest.approx([0.2, 0.7], abs=0.065)
    exact = sum(
        ((b**3 - a**3) / 3 - v * (b**2 - a**2) + v * v * (b - a))
        for a, b, v in ((0, 0.2, -1), (0.2, 0.7, 0), (0.7, 1, 4))
    )
    assert result.certificate.lower is not None and result.certificate.upper is not None
    assert result.certificate.lower <= exact <= result.certificate.upper
    assert result.cost == pytest.approx(exact, rel=0.02)


def test_cost_equals_exact_transport_of_a_fine_sample_far_from_the_source() -> None:
    rng = np.random.default_rng(0)
    y = 10 * rng.standard_normal((30, 3)) + 100
    result = solve(Gaussian.standard(3), y, method=FAST)
    x = rng.standard_normal((3000, 3))
    exact = solve(x, y)
    # W₂² ≈ |100·1|²: the mean of x enters it by 2·100·√3·sd/√3000 = 6; both are samples of it.
    assert result.cost == pytest.approx(exact.cost, abs=5 * 2**0.5 * 2 * 100 * 3**0.5 / 3000**0.5)
    assert result.converged and result.certificate.chi2_high is not None and result.certificate.chi2_high <= 0.02


def test_a_result_above_its_tolerance_says_so_and_the_seed_decides() -> None:
    y = np.random.default_rng(1).uniform(size=(200, 2)) ** 3
    calls = [solve(Box.unit(2), y, method="semidiscrete-stochastic[steps=3,rounds=1,batch=64]") for _ in range(2)]
    assert not calls[0].converged
    assert "still above" in calls[0].reason and "raise rounds" in calls[0].reason
    assert calls[0].cost == calls[1].cost
    other = solve(Box.unit(2), y, method="semidiscrete-stochastic[steps=3,rounds=1,batch=64,seed=1]")
    assert other.cost != calls[0].cost


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 40), st.integers(1, 4))
def test_tiles_do_not_change_the_cells(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, h = (torch.from_numpy(rng.standard_normal(shape)) for shape in ((50, d), (n, d), (n,)))
    value, owner = assign(x, y, h, memory=64)
    scores = x @ y.T + h
    # Products in another order differ by rounding.
    torch.testing.assert_close(value, scores.max(dim=1).values, rtol=1e-12, atol=1e-12)
    assert (scores.gather(1, owner[:, None])[:, 0] >= scores.max(dim=1).values - 1e-12).all()
    k = min(3, n)
    torch.testing.assert_close(leaders(x, y, h, k, memory=64)[0], scores.topk(k, dim=1).values, rtol=1e-12, atol=1e-12)


def test_more_targets_than_a_tile() -> None:
    rng = np.random.default_rng(0)
    x, y, h = (torch.from_numpy(rng.standard_normal(shape)) for shape in ((30, 2), (3000, 2), (3000,)))
    assert torch.equal(assign(x, y, h, memory=2**20)[1], (x @ y.T + h).argmax(dim=1))
    # The leaders of many are found by strips.
    for k in (1, 4, 13):
        expected = (x @ y.T + h).topk(k, dim=1)
        values, index = leaders(x, y, h, k)
        torch.testing.assert_close(values, expected.values, rtol=1e-12, atol=1e-12)
        assert torch.equal(index, expected.indices)


@pytest.mark.parametrize("far", [0.0, 1.0, 1e4])
def test_the_search_in_float32_finds_the_cells_of_float64(far: float) -> None:
    rng = np.random.default_rng(0)
    y = rng.standard_normal((500, 4))
    y[:250] += far
    y[400:] = y[300:400] + 1e-7  # cells that float32 cannot tell apart
    x, y, h = (torch.from_numpy(a) for a in (rng.standard_normal((2000, 4)), y, -np.square(y).sum(axis=1) / 2))
    value, owner = assign(x, y, h)
    fast_value, fast_owner = best_cells(x, y, h)
    torch.testing.assert_close(fast_value, value, rtol=1e-12, atol=1e-12 * float(h.abs().max()))
    # Two float64 products of other shapes may break a tie otherwise.
    assert (fast_owner == owner).double().mean() > 0.999
    single = assign(x.float(), y.float(), h.float())[1]
    assert (single != owner).any()


def test_chi2_is_unbiased_and_its_interval_covers() -> None:
    rng = np.random.default_rng(0)
    nu, w = rng.dirichlet(np.full(50, 5.0)), rng.dirichlet(np.full(50, 5.0))
    true = float((w**2 / nu).sum() - 1)
    draws = np.array([chi2(rng.multinomial(5000, w), nu) for _ in range(400)])
    spread = draws[:, 0].std()
    assert draws[:, 0].mean() == pytest.approx(true, abs=5 * spread / 20)
    covered = ((draws[:, 1] <= true) & (true <= draws[:, 2])).mean()
    # 95 % of 400: standard error 1.1 %; five of them.
    assert abs(covered - 0.95) < 0.055
    assert np.mean([chi2(rng.multinomial(5000, nu), nu)[0] for _ in range(400)]) == pytest.approx(0, abs=5e-4)


def test_a_polygon_is_sampled_uniformly() -> None:
    shape = Polygon(np.array([[0.0, 0.0], [2.0, 0.0], [3.0, 1.0], [0.0, 2.0]]))
    x = shape.from_uniform(np.random.default_rng(0).uniform(size=(200_000, 2)))
    assert shape.area == pytest.approx(4.0)  # shoelace: (0 + 2 + 6 + 0)/2
    np.testing.assert_allclose(x.mean(axis=0), shape.centre, atol=5 * 0.8 / math.sqrt(200_000))
    # The part left of x₁ = 1 is a trapezoid with heights 2 and 5/3: area 11/6.
    assert (x[:, 0] < 1).mean() == pytest.approx(11 / 24, abs=5 * 0.5 / math.sqrt(200_000))


@pytest.mark.parametrize("method", ["semidiscrete-stochastic"])
def test_bad_input_of_the_semidiscrete_solvers(method: str) -> None:
    y = np.random.default_rng(0).uniform(size=(5, 2))
    with pytest.raises(DataError, match="duplicate"):
        solve(Box.unit(2), np.vstack([y, y[:1]]), method=method)
    with pytest.raises(ConfigError, match="continuous source"):
        solve(y, y + 1, method=method)
    with pytest.raises(ConfigError, match="cost quadratic"):
        solve(Box.unit(2), y, cost="euclidean", method=method)
    with pytest.raises(ConfigError, match="tolerance > 0"):
        solve(Box.unit(2), y, method=f"{method}[tolerance=0]")
    with pytest.raises(ConfigError, match="anticlockwise"):
        Polygon(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    with pytest.raises(ConfigError, match="low < high"):
        Box(np.ones(2), np.zeros(2))


def test_the_iteration_keeps_to_its_device() -> None:
    """PyTorch's device ``meta`` refuses operands of another one, as a GPU does."""
    y = Points(np.random.default_rng(0).standard_normal((30, 3)), np.full(30, 1 / 30))
    there = torch.device("meta")
    frame = ascent.Task.of(Gaussian.standard(3), y, 2**20, there)
    sobol = torch.quasirandom.SobolEngine(3, scramble=True, seed=0)
    start = torch.zeros(30, device=there)
    dual_potential, _ = ascent.ascend(frame, start, sobol, rate=0.1, steps=3, batch=64, together=ALONE)
    assert dual_potential.device == there and dual_potential.shape == (30,)
    with pytest.raises(RuntimeError, match="meta"):
        ascent.ascend(frame, start.cpu(), sobol, rate=0.1, steps=1, batch=64, together=ALONE)
    assert ascent.Task.of(Gaussian.standard(3), y, 2**20, CPU).points(sobol, 8).device == CPU
