"""Exact cells against clipped polygons and brute force; Newton's derivative; known and random problems."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gantlet.core.errors import ConfigError, DataError, ShapeError
from gantlet.transport import SOLVERS, solve
from gantlet.transport.continuous import Box, Gaussian, Polygon
from gantlet.transport.exact_cells import laplacian
from gantlet.transport.power_diagram import cell_moments, facets, masses

SQUARE = Box.unit(2).polygon
HOUSE = Polygon(np.array([[0.0, 0.0], [2.0, 0.0], [2.2, 1.0], [1.0, 2.0], [-0.1, 1.0]]))
METHOD = "semidiscrete-newton"


def clipped_area(sites: np.ndarray, weights: np.ndarray, domain: Polygon, i: int) -> float:
    """Cut the polygon by every half-plane of cell i in turn (Sutherland & Hodgman 1974); shoelace."""
    corners = domain.vertices
    for j in range(len(sites)):
        if j == i or not len(corners):
            continue
        normal = 2 * (sites[j] - sites[i])
        level = sites[j] @ sites[j] - weights[j] - sites[i] @ sites[i] + weights[i]
        over, inside = corners @ normal - level, []
        for k in range(len(corners)):
            a, b, p, q = over[k - 1], over[k], corners[k - 1], corners[k]
            if (a <= 0) != (b <= 0):
                inside.append(p + (q - p) * a / (a - b))
            if b <= 0:
                inside.append(q)
        corners = np.array(inside)
    if len(corners) < 3:
        return 0.0
    x, y = corners.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 25), st.sampled_from([0.0, 0.05, 0.5]), st.sampled_from([SQUARE, HOUSE]))
def test_masses_equal_areas_of_clipped_polygons(seed: int, n: int, size: float, domain: Polygon) -> None:
    rng = np.random.default_rng(seed)
    sites = rng.uniform(-0.5, 1.5, (n, 2))  # some outside the domain, some cells empty
    weights = size * rng.standard_normal(n)
    result = masses(sites, weights, domain, facets(sites, weights, domain))
    expected = [clipped_area(sites, weights, domain, i) / domain.area for i in range(n)]
    np.testing.assert_allclose(result, expected, atol=1e-10)
    assert result.sum() == pytest.approx(1.0, abs=1e-10)


def test_the_derivative_equals_finite_differences() -> None:
    rng = np.random.default_rng(0)
    sites, weights = rng.uniform(size=(15, 2)), 0.01 * rng.standard_normal(15)
    matrix = laplacian(sites, SQUARE, facets(sites, weights, SQUARE)).toarray()
    step = 1e-6

    def at(moved: np.ndarray) -> np.ndarray:
        return masses(sites, moved, SQUARE, facets(sites, moved, SQUARE))

    for j in range(15):
        bump = step * np.eye(15)[j]
        difference = (at(weights + bump) - at(weights - bump)) / (2 * step)
        # Central differences of masses with rounding 1e-15: 1e-9, and their own error O(step²) times curvature 1e3.
        np.testing.assert_allclose(matrix[j], difference, atol=1e-6)
    np.testing.assert_allclose(matrix.sum(axis=1), 0.0, atol=1e-12)


@pytest.mark.parametrize("shift", [0.0, 5.0])
def test_a_grid_has_square_cells_wherever_it_lies(shift: float) -> None:
    line = (np.arange(5) + 0.5) / 5
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    result = solve(Box.unit(2), 3 * grid + shift, method=METHOD)
    assert result.converged and result.map is not None and "semidiscrete-newton" in SOLVERS
    x = np.random.default_rng(0).uniform(size=(200, 2))
    np.testing.assert_allclose(result.map(x), 3 * (np.floor(5 * x) + 0.5) / 5 + shift)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_any_distinct_points_and_masses_get_their_masses(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, nu = 4 * rng.standard_normal((40, 2)) - 2, rng.dirichlet(np.full(40, 3.0))
    result = solve(HOUSE, y, method=METHOD, target_masses=nu)
    assert result.converged and result.details["mass_error"] <= 1e-8, result.reason
    # The potential in the coordinates of the targets, by brute force on a fine sample of the source.
    x = HOUSE.from_uniform(rng.uniform(size=(20_000, 2)))
    assert result.target_potential is not None
    owner = (np.square(x[:, None] - y).sum(-1) - result.target_potential).argmin(axis=1)
    shares = np.bincount(owner, minlength=40) / 20_000
    # Binomial, six standard errors and three counts for 40 cells in 10 examples.
    assert (np.abs(shares - nu) <= 6 * np.sqrt(nu / 20_000) + 3 / 20_000).all()


def test_both_semidiscrete_solvers_agree() -> None:
    y = np.random.default_rng(2).uniform(size=(100, 2)) ** 2
    exact = solve(Box.unit(2), y, method=METHOD)
    result = solve(Box.unit(2), y, method="semidiscrete-stochastic[audit=500]")
    assert exact.target_potential is not None and result.target_potential is not None
    proof = result.certificate
    assert proof.lower is not None and proof.upper is not None and proof.chi2_low is not None
    # The bounds hold at 95 % each: five standard errors instead of 1.6 on both sides.
    slack = 5 * result.details["dual_error"] + 1e-12 * exact.cost  # two sums of one number differ by rounding
    assert proof.lower - slack <= exact.cost <= proof.upper + slack
    assert proof.upper - proof.lower < 0.1 * exact.cost
    # Potentials agree to a few per cent of the gap between neighbours, .01.
    assert np.abs(exact.target_potential - result.target_potential).max() < 2e-3


@pytest.mark.parametrize("method", [METHOD, "semidiscrete-stochastic[audit=1000]"])
def test_cost_and_potential_equal_those_of_exact_transport_from_a_fine_grid(method: str) -> None:
    line = (np.arange(40) + 0.5) / 40
    x = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    rng = np.random.default_rng(6)
    y, nu = rng.uniform(size=(12, 2)) + 0.5, rng.dirichlet(np.full(12, 3.0))
    result, grid = solve(Box.unit(2), y, method=method, target_masses=nu), solve(x, y, target_masses=nu)
    assert result.target_potential is not None and grid.target_potential is not None
    # W₂ of the square to its grid of squares' middles is h/√6, h = 1/40; sampled costs: five standard errors besides.
    margin = 5 * result.details.get("dual_error", 0.0)
    assert abs(np.sqrt(result.cost) - np.sqrt(grid.cost)) <= 1 / 40 / np.sqrt(6) + margin
    # Potentials agree up to a constant, to the grid's resolution: a border moves by h at most, g by 2h·|y_i − y_j| ≤ 2h·√2.
    gap = result.target_potential - grid.target_potential
    assert np.ptp(gap) <= 2 * 2 * np.sqrt(2) / 40 + margin


@pytest.mark.parametrize("far", [0.0, 4.0])
def test_the_certificate_is_exact(far: float) -> None:
    rng = np.random.default_rng(4)
    y, nu = rng.uniform(size=(30, 2)) + far, rng.dirichlet(np.full(30, 3.0))
    result = solve(HOUSE, y, method=METHOD, target_masses=nu)
    proof = result.certificate
    assert proof.lower is not None and proof.upper is not None and result.map is not None
    # Mass errors of 1e-8 at distances below 8, and rounding of costs up to 50.
    assert result.cost == proof.lower <= proof.upper <= proof.lower + 1e-8 * 64 + 1e-10
    x = HOUSE.from_uniform(rng.uniform(size=(200_000, 2)))
    costs = np.square(x - result.map(x)).sum(axis=1)
    assert result.cost == pytest.approx(costs.mean(), abs=5 * costs.std() / np.sqrt(200_000))


def test_moments_of_cells_equal_those_of_a_sample() -> None:
    rng = np.random.default_rng(5)
    sites, weights = rng.uniform(size=(12, 2)), 0.05 * rng.standard_normal(12)
    cells = cell_moments(sites, weights, HOUSE, facets(sites, weights, HOUSE))
    x = HOUSE.from_uniform(rng.uniform(size=(400_000, 2)))
    owner = (np.square(x[:, None] - sites).sum(-1) - weights).argmin(axis=1)
    np.testing.assert_allclose(cells.masses, masses(sites, weights, HOUSE, facets(sites, weights, HOUSE)), atol=1e-12)
    for i in range(12):
        inside = x[owner == i]
        if len(inside) < 100:
            continue
        # Six standard errors of a mean; spreads lie below 1, and so do their standard deviations.
        error = 6 / np.sqrt(len(inside))
        np.testing.assert_allclose(inside.mean(axis=0), cells.centres[i], atol=error * inside.std())
        assert np.square(inside - cells.centres[i]).sum(axis=1).mean() == pytest.approx(cells.spreads[i], abs=error)


def test_bad_input() -> None:
    y = np.random.default_rng(0).uniform(size=(6, 2))
    with pytest.raises(DataError, match="duplicate"):
        solve(Box.unit(2), y[[0, 1, 2, 1]], method=METHOD)
    with pytest.raises(ConfigError, match="takes a Box"):
        solve(Gaussian.standard(2), y, method=METHOD)
    with pytest.raises(ShapeError, match="2 and 3 dimensions"):
        solve(Box.unit(4), np.random.default_rng(0).uniform(size=(6, 4)), method=METHOD)
    stopped = solve(Box.unit(2), y**3, method="semidiscrete-newton[steps=1]")
    assert not stopped.converged and "after 1 step" in stopped.reason
