"""Unbalanced transport against POT and its own duality; barycentres against quantile means, Gaussians and POT."""

import numpy as np
import ot
import pytest

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.transport import barycentre, solve

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((30, 2)), RNG.standard_normal((25, 2)) + 1
A, B = RNG.dirichlet(np.full(30, 3.0)), RNG.dirichlet(np.full(25, 3.0))


@pytest.mark.parametrize("reach", [0.05, 0.5, 50.0])
def test_unbalanced_plans_equal_pots(reach: float) -> None:
    spec = f"unbalanced[epsilon=0.1,reach={reach},tolerance=1e-10,source_total=2.0,target_total=1.5]"
    result = solve(X, Y, method=spec, source_masses=A, target_masses=B)
    assert result.converged and result.plan is not None, result.reason
    cost, a, b = ot.dist(X, Y), 2 * A, 1.5 * B
    theirs = ot.unbalanced.sinkhorn_unbalanced(
        a, b, cost, result.details["epsilon"], result.details["rho"], reg_type="kl", numItermax=100_000, stopThr=1e-14
    )
    np.testing.assert_allclose(result.plan, theirs, rtol=1e-5, atol=1e-10)
    lower, upper = result.certificate.lower, result.certificate.upper
    assert lower is not None and upper is not None and lower <= upper <= lower + 1e-7 * upper
    stopped = solve(X, Y, method=spec.replace("tolerance", "iterations=2,tolerance"), source_masses=A, target_masses=B)
    assert not stopped.converged
    # The bounds of an early stop enclose the optimum.
    assert stopped.certificate.lower <= upper + 1e-9 and lower <= stopped.certificate.upper + 1e-9


def test_a_large_reach_is_balanced_and_a_small_one_moves_nothing() -> None:
    near = solve(X, Y, method="unbalanced[epsilon=0.1,reach=1e4,tolerance=1e-9,iterations=20000]")
    balanced = solve(X, Y, method="sinkhorn[epsilon=0.1,tolerance=1e-10]")
    assert near.details["transport"] == pytest.approx(balanced.cost, rel=1e-3)
    assert solve(X, Y + 100, method="unbalanced[reach=0.01]").details["mass"] < 0.05
    with pytest.raises(ConfigError, match="reach > 0"):
        solve(X, Y, method="unbalanced[reach=0]")


def test_a_free_barycentre_on_the_line_is_the_mean_of_quantiles() -> None:
    x, y, z = (np.sort(RNG.standard_normal(20)) for _ in range(3))
    result = barycentre([x[:, None], y[:, None], z[:, None]], [0.5, 0.3, 0.2])
    assert result.converged, result.reason
    expected = 0.5 * x + 0.3 * y + 0.2 * z
    np.testing.assert_allclose(np.sort(result.points[:, 0]), expected, atol=1e-12)
    costs = [np.square(expected - side).mean() for side in (x, y, z)]
    assert result.cost == pytest.approx(np.dot([0.5, 0.3, 0.2], costs), rel=1e-6)


def test_a_barycentre_of_moved_copies_is_the_copy_between() -> None:
    shape = RNG.standard_normal((40, 2))
    result = barycentre([shape, shape + np.array([4.0, 0.0])], [0.25, 0.75], size=40)
    distance = np.abs(result.points[:, None] - (shape + np.array([3.0, 0.0]))).sum(axis=2).min(axis=1)
    assert result.converged and distance.max() < 1e-9
    assert result.cost == pytest.approx(0.25 * 9 + 0.75 * 1, rel=1e-9)


def test_a_barycentre_on_a_grid_equals_pots() -> None:
    grid = np.linspace(0, 1, 40)[:, None]
    first, second = (np.exp(-np.square(grid[:, 0] - m) / 2 / s**2) for m, s in ((0.3, 0.08), (0.7, 0.05)))
    both = np.stack([first / first.sum(), second / second.sum()], axis=1)
    options = {"masses": list(both.T), "support": grid, "epsilon": 0.02, "tolerance": 1e-10}
    result, cost = barycentre([grid, grid], **options), ot.dist(grid, grid)
    theirs = ot.bregman.barycenter(both, cost, 0.02 * cost.mean(), numItermax=100_000, stopThr=1e-14)
    assert result.converged, result.reason
    np.testing.assert_allclose(result.masses, theirs / theirs.sum(), atol=1e-7)
    # With unequal weights POT 0.9.7 has the mean .528; that of a barycentre is the weighted mean of means, .4·.3 + .6·.7.
    uneven = barycentre([grid, grid], [0.4, 0.6], **options)
    assert uneven.masses @ grid[:, 0] == pytest.approx(0.54, abs=1e-4)
    hurried = barycentre([grid, grid], time_limit=1e-9, **options)
    assert not hurried.converged and hurried.iterations == 1


def test_wrong_calls_are_refused_in_words() -> None:
    for call, error, says in (
        (lambda: barycentre([]), ConfigError, "at least 1 measure"),
        (lambda: barycentre([X, Y], [0.5, 0.6]), ConfigError, "sum 1"),
        (lambda: barycentre([X, Y[:, :1]]), ShapeError, "one space"),
        (lambda: barycentre([X, Y], support=np.zeros((3, 1))), ShapeError, r"\[k, 2\]"),
        (lambda: barycentre([X, Y], masses=[A]), ShapeError, "2 measures"),
        (lambda: barycentre([X, Y], method="sliced"), ConfigError, "with a plan"),
    ):
        with pytest.raises(error, match=says):
            call()
