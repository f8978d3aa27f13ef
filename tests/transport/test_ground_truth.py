"""Known pairs: the map is the gradient of the potential, the image is the target, the solvers find what is known."""

import numpy as np
import pytest

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.transport import solve
from gantlet.transport.ground_truth import Pair, gaussian_pair, l2_uvp, log_sum_exp_pair, square_pair

PAIRS = [gaussian_pair(3), log_sum_exp_pair(4), log_sum_exp_pair(1, pieces=3), square_pair(50)]


@pytest.mark.parametrize("pair", PAIRS, ids=["gaussian", "log-sum-exp", "log-sum-exp-1", "square"])
def test_the_map_is_the_gradient_of_a_convex_potential(pair: Pair) -> None:
    x, d = pair.draw(200, 0, "x"), pair.source.dim
    step, slopes = 1e-5, []
    for axis in range(d):
        bump = step * np.eye(d)[axis]
        slopes.append((pair.potential(x + bump) - pair.potential(x - bump)) / (2 * step))
    # Central differences: step²·|ψ'''| ~ 1e-10·1e3; in the square one point in a hundred lies on a crease.
    wrong = np.abs(np.stack(slopes, axis=1) - pair.map(x)) > 1e-6
    assert wrong.mean() <= (0.02 if pair.target is not None else 0.0)
    a, b = pair.draw(200, 1, "a"), pair.draw(200, 1, "b")
    assert (
        ((pair.map(a) - pair.map(b)) * (a - b)).sum(axis=1) >= 0
    ).all()  # a gradient of a convex function is monotone
    middle = pair.potential((a + b) / 2)
    assert (middle <= (pair.potential(a) + pair.potential(b)) / 2 + 1e-12).all()


def test_gaussian_pairs_have_their_law_and_cost() -> None:
    pair = gaussian_pair(4, seed=3, condition=4.0)
    target = pair.details["target"]
    y = pair.draw_target(200_000, 0, "y")
    # Standard deviations up to 2: five standard errors of means and covariances.
    np.testing.assert_allclose(y.mean(axis=0), target.mean, atol=5 * 2 / 447)
    np.testing.assert_allclose(np.cov(y.T), target.cov, atol=5 * 4 * 2**0.5 / 447)
    solved = solve(pair.source, target, method="gaussian")
    assert solved.cost == pytest.approx(pair.cost) and solved.map is not None
    x = pair.draw(50, 0, "x")
    np.testing.assert_allclose(solved.map(x), pair.map(x), atol=1e-9)


def test_newton_finds_the_weights_the_square_pair_was_made_from() -> None:
    pair = square_pair(300, seed=1)
    assert pair.target is not None and len(pair.target.points) > 250
    target = pair.target
    result = solve(pair.source, target.points, method="semidiscrete-newton", target_masses=target.masses)
    assert result.target_potential is not None
    # Masses to 1e-8 of 1/300; the derivative of the masses by g is of the order 1, its inverse of the order 300.
    np.testing.assert_allclose(result.target_potential, pair.details["weights"], atol=1e-7)
    x = pair.draw(1000, 0, "x")
    assert (pair.map(x) == result.brenier.map(x)).all()  # type: ignore[union-attr]


def test_the_semidiscrete_map_beats_the_linear_one_on_log_sum_exp() -> None:
    pair = log_sum_exp_pair(4)
    y, x = pair.draw_target(500, 0, "fit"), pair.draw(1000, 0, "test")
    linear = solve(pair.source, y, method="gaussian")
    result = solve(pair.source, y, method="semidiscrete-stochastic")
    assert linear.map is not None and result.brenier is not None
    truth = pair.map(x)
    assert l2_uvp(result.brenier.smooth(x, 0.5), truth) < l2_uvp(linear.map(x), truth) / 3


def test_the_score_and_bad_input() -> None:
    y = np.random.default_rng(0).standard_normal((1000, 3))
    assert l2_uvp(y, y) == 0
    assert l2_uvp(np.broadcast_to(y.mean(axis=0), y.shape), y) == pytest.approx(100)
    with pytest.raises(ShapeError, match="same points"):
        l2_uvp(y[:2], y)
    for make in (
        lambda: gaussian_pair(0),
        lambda: gaussian_pair(2, condition=0.5),
        lambda: log_sum_exp_pair(2, tau=0.0),
        lambda: square_pair(2),
    ):
        with pytest.raises(ConfigError, match="expected"):
            make()
    assert gaussian_pair(1).cost is not None
