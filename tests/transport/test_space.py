"""Exact cells in space against intersected half-spaces; Newton's derivative; problems at any scale and place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial import Delaunay, HalfspaceIntersection

from gantlet.core.errors import ConfigError
from gantlet.transport import solve
from gantlet.transport.continuous import Box
from gantlet.transport.exact_cells import cell_moments, laplacian, masses, walls
from gantlet.transport.extension import Extension
from gantlet.transport.singular import singular_set

ROOM = Box(np.array([-1.0, 0.0, 2.0]), np.array([1.0, 1.0, 3.5]))
METHOD = "semidiscrete-newton"


def by_half_spaces(sites: np.ndarray, weights: np.ndarray, domain: Box, i: int) -> tuple[float, np.ndarray, float]:
    """Return share, barycentre and E|x − barycentre|² of cell i: its half-spaces intersected about their deepest point, cut into
    tetrahedra."""
    others = np.delete(np.arange(len(sites)), i)
    normals = np.vstack([2 * (sites[others] - sites[i]), np.eye(3), -np.eye(3)])
    powers = np.square(sites).sum(axis=1) - weights
    levels = np.concatenate([powers[others] - powers[i], domain.high, -domain.low])
    sizes = np.linalg.norm(normals, axis=1)
    deepest = linprog([0, 0, 0, -1], np.column_stack([normals, sizes]), levels, bounds=[(None, None)] * 3 + [(None, 1)])
    if deepest.status != 0 or deepest.x[3] < 1e-9:
        return 0.0, sites[i], 0.0
    corners = HalfspaceIntersection(np.column_stack([normals, -levels]), deepest.x[:3]).intersections
    simplices = Delaunay(corners, qhull_options="QJ").simplices if len(corners) > 4 else np.arange(4)[None]
    parts = corners[simplices] - deepest.x[:3]
    volumes = np.abs(np.linalg.det(parts[:, 1:] - parts[:, :1])) / 6
    means = parts.mean(axis=1)
    centre = volumes @ means / volumes.sum()
    squares = (np.square(parts).sum(axis=(1, 2)) + 16 * np.square(means).sum(axis=1)) / 20
    spread = volumes @ squares / volumes.sum() - centre @ centre
    return volumes.sum() / domain.volume, deepest.x[:3] + centre, spread


SITES = {
    "around": lambda rng, n: ROOM.low + rng.uniform(-0.3, 1.3, (n, 3)) * (ROOM.high - ROOM.low),
    "lattice": lambda rng, n: np.indices((2, 3, 2)).reshape(3, -1).T * [1.0, 0.3, 0.5] + [-0.5, 0.2, 2.5],
    "on a plane": lambda rng, n: np.column_stack([rng.uniform(-1, 1, (n, 2)), np.full(n, 2.4)]),
    "on a line": lambda rng, n: rng.uniform(0, 1, (n, 1)) * np.array([1.0, 2.0, 0.5]) + ROOM.low,
}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 14), st.sampled_from([0.0, 0.1, 0.5]), st.sampled_from(sorted(SITES)))
def test_moments_are_those_of_intersected_half_spaces(seed: int, n: int, size: float, kind: str) -> None:
    rng = np.random.default_rng(seed)
    sites = SITES[kind](rng, n)
    weights = size * rng.standard_normal(len(sites))  # some cells are empty
    found = cell_moments(sites, weights, ROOM, walls(sites, weights, ROOM))
    assert found.masses.sum() == pytest.approx(1.0, abs=1e-12)
    for i in range(len(sites)):
        share, centre, spread = by_half_spaces(sites, weights, ROOM, i)
        assert found.masses[i] == pytest.approx(share, abs=1e-8)  # the oracle's joggled triangulation
        if share > 1e-4:
            np.testing.assert_allclose(found.centres[i], centre, atol=1e-6)
            assert found.spreads[i] == pytest.approx(spread, rel=1e-5, abs=1e-8)


def test_the_derivative_equals_finite_differences() -> None:
    rng = np.random.default_rng(0)
    sites, weights = ROOM.from_uniform(rng.uniform(size=(12, 3))), 0.02 * rng.standard_normal(12)
    matrix = laplacian(sites, ROOM, walls(sites, weights, ROOM)).toarray()
    step = 1e-5

    def at(moved: np.ndarray) -> np.ndarray:
        return masses(sites, moved, ROOM, walls(sites, moved, ROOM))

    for j in range(12):
        bump = step * np.eye(12)[j]
        # Central differences of masses with rounding 1e-15: 1e-10; their own error is O(step²) times a curvature of 1e2.
        np.testing.assert_allclose(matrix[j], (at(weights + bump) - at(weights - bump)) / (2 * step), atol=1e-7)
    np.testing.assert_allclose(matrix.sum(axis=1), 0.0, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 60])
def test_targets_get_their_masses_exactly_and_the_bounds_meet(n: int) -> None:
    rng = np.random.default_rng(n)
    wanted = rng.dirichlet(np.full(n, 3.0))
    found = solve(ROOM, rng.standard_normal((n, 3)), method=METHOD, target_masses=wanted)
    assert found.converged and found.certificate.kind == "exact", found.reason
    np.testing.assert_allclose(found.details["masses"], wanted, rtol=2e-8)
    assert found.certificate.upper == pytest.approx(found.certificate.lower, rel=1e-6)
    drawn = ROOM.from_uniform(rng.uniform(size=(20_000, 3)))
    assert found.brenier is not None
    shares = np.bincount(found.brenier.cells(drawn), minlength=n) / len(drawn)
    assert (np.abs(shares - wanted) <= 5 * np.sqrt(wanted * (1 - wanted) / len(drawn)) + 1e-12).all()
    cost = np.square(drawn - found.map(drawn)).sum(axis=1)
    assert abs(cost.mean() - found.cost) <= 5 * cost.std() / len(drawn) ** 0.5 + 1e-9


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_scale_and_place_change_nothing(scale: float, offset: float) -> None:
    targets = np.random.default_rng(1).uniform(size=(40, 3))
    plain, moved = (solve(Box.unit(3), y, method=METHOD) for y in (targets, scale * targets + offset))
    assert plain.converged and moved.converged, moved.reason
    assert plain.brenier is not None and moved.brenier is not None
    first, second = plain.brenier.barycentres()[0], moved.brenier.barycentres()[0]
    # An offset of 1e6 leaves targets 1e-10 of their place, 1e-7 of a spread of 1e-3.
    np.testing.assert_allclose(second, first, atol=1e-6)


HOSTILE = {
    "two clusters": lambda u: np.vstack([1e-3 * u(40), 1 + 1e-3 * u(40)]),
    "two clusters closer than float64 tells": lambda u: np.vstack([1e-5 * u(40), 1 + 1e-5 * u(40)]),
    "near-duplicates": lambda u: np.vstack([u(40), 0.5 + 1e-9 * u(40)]),
    "flat": lambda u: u(60) * np.array([1, 1e-3, 1e-6]),
    "almost on a plane": lambda u: u(60) * np.array([1, 1, 1e-12]),
    "on a sphere": lambda u: np.apply_along_axis(lambda z: z / np.linalg.norm(z), 1, u(60) - 0.5),
    "tiny": lambda u: 1e-8 * u(40),
    "huge": lambda u: 1e8 * u(40),
    "far away": lambda u: u(40) + 1e6,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_called_converged_has_its_masses(kind: str) -> None:
    rng = np.random.default_rng(5)
    targets = HOSTILE[kind](lambda n: rng.uniform(size=(n, 3)))
    found = solve(Box.unit(3), targets, method=METHOD)
    n = len(targets)
    assert found.brenier is not None
    counts = np.bincount(found.brenier.cells(rng.uniform(size=(40_000, 3))), minlength=n)
    off = np.abs(counts / 40_000 - 1 / n).max() / np.sqrt(1 / n / 40_000)
    assert found.converged == (kind not in ("two clusters closer than float64 tells", "near-duplicates"))
    assert off < 5 or not found.converged
    assert found.certificate.lower <= found.certificate.upper


def test_the_extension_takes_exact_barycentres_and_creases_are_of_the_plane() -> None:
    found = solve(Box.unit(3), np.random.default_rng(2).uniform(size=(50, 3)), method=METHOD)
    assert found.brenier is not None
    drawn = Extension.of(found.brenier).sample(200).points
    assert drawn.min() > 0 and drawn.max() < 1
    with pytest.raises(ConfigError, match="in the plane as source; got one in 3 dimensions"):
        singular_set(found.brenier)
