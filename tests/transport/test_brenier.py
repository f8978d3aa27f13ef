"""The Brenier potential against brute force and finite differences; its singular set, criteria and extension."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from gantlet.core.errors import ConfigError, GantletError, NonFiniteError, ShapeError, TooFewSamples
from gantlet.transport import solve
from gantlet.transport.brenier import Brenier
from gantlet.transport.continuous import Box, Gaussian
from gantlet.transport.extension import Extension
from gantlet.transport.problem import Points
from gantlet.transport.singular import dihedral_angle, jump_ratio, local_radius, singular_set

CENTRES = np.stack(np.meshgrid(np.arange(-4, 5, 2.0), np.arange(-4, 5, 2.0)), axis=-1).reshape(-1, 2)


def potential(d: int = 2, n: int = 12, seed: int = 0) -> Brenier:
    rng = np.random.default_rng(seed)
    y, h = rng.standard_normal((n, d)), 0.1 * rng.standard_normal(n)
    return Brenier(Gaussian.standard(d), Points(y, np.full(n, 1 / n)), h)


def grid(n: int, scale: float = 1.0) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((n, 2))
    return scale * (CENTRES[np.arange(n) % 25] + 0.05 * noise)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(2, 15))
def test_value_cells_and_gradient(seed: int, d: int, n: int) -> None:
    u, x = potential(d, n, seed), np.random.default_rng(seed + 1).standard_normal((40, d))
    scores = x @ u.target.points.T + u.dual_potential
    np.testing.assert_allclose(u.value(x), scores.max(axis=1), atol=1e-12)
    np.testing.assert_array_equal(u.cells(x), scores.argmax(axis=1))
    # W_i is the power cell of |x − y|² − g.
    power = np.square(x[:, None] - u.target.points).sum(-1) - u.weights
    np.testing.assert_array_equal(u.cells(x), power.argmin(axis=1))
    top, index = u.leaders(x, 2)
    np.testing.assert_allclose(top, -np.sort(-scores, axis=1)[:, :2], atol=1e-12)
    steady = top[:, 0] - top[:, 1] > 1e-3
    for axis in range(d):
        step = 1e-6 * np.eye(d)[axis]
        slope = (u.value(x + step) - u.value(x - step)) / 2e-6
        # u is linear inside a cell: central differences are exact but for rounding 1e-16/1e-6.
        np.testing.assert_allclose(slope[steady], u.map(x)[steady, axis], atol=1e-8)
    assert (index[:, 0] == u.cells(x)).all()


def test_the_smooth_map_is_the_gradient_of_its_potential_and_tends_to_the_map() -> None:
    u, x = potential(3, 20), np.random.default_rng(1).standard_normal((30, 3))

    def smoothed(points: np.ndarray, eps: float) -> np.ndarray:
        scores = (points @ u.target.points.T + u.dual_potential) / eps
        return eps * np.log(np.exp(scores).sum(axis=1))

    for axis in range(3):
        step = 1e-5 * np.eye(3)[axis]
        slope = (smoothed(x + step, 0.3) - smoothed(x - step, 0.3)) / 2e-5
        # Central differences: error step²·|u'''| ≤ 1e-10·(2/0.3)², rounding 1e-15/1e-5.
        np.testing.assert_allclose(u.smooth(x, 0.3)[:, axis], slope, atol=1e-7)
    top = u.leaders(x, 2)[0]
    clear = top[:, 0] - top[:, 1] > 0.05
    np.testing.assert_allclose(u.smooth(x, 1e-3)[clear], u.map(x)[clear], atol=1e-12)
    with pytest.raises(ConfigError, match="epsilon > 0"):
        u.smooth(x, 0.0)


def test_barycentres_exact_and_sampled() -> None:
    y = np.random.default_rng(2).uniform(size=(20, 2))
    result = solve(Box.unit(2), y, method="semidiscrete-newton")
    assert result.brenier is not None
    centres, masses = result.brenier.barycentres()
    np.testing.assert_allclose(masses, 1 / 20, rtol=1e-7)
    x = np.random.default_rng(3).uniform(size=(200_000, 2))
    owner = result.brenier.cells(x)
    means = np.stack([x[owner == i].mean(axis=0) for i in range(20)])
    # 10,000 points a cell; a cell's standard deviation stays below 0.2.
    np.testing.assert_allclose(means, centres, atol=5 * 0.2 / 100)
    sampled = Brenier(Gaussian.standard(1), Points(np.array([[-1.0], [1.0]]), np.full(2, 0.5)), np.zeros(2))
    half, share = sampled.barycentres(samples=100_000)
    # The means of the two halves of a normal law are ±√(2/π).
    np.testing.assert_allclose(half[:, 0], [-np.sqrt(2 / np.pi), np.sqrt(2 / np.pi)], atol=0.02)
    np.testing.assert_allclose(share, 0.5, atol=0.01)


def test_the_singular_set_of_the_grid_is_four_lines_a_direction() -> None:
    result = solve(Box.unit(2), grid(500), method="semidiscrete-newton")
    assert result.brenier is not None
    creases = singular_set(result.brenier)
    crossing = (creases.pair[:, 0] % 25) != (creases.pair[:, 1] % 25)
    np.testing.assert_array_equal(creases.singular(), crossing)
    # By symmetry the square is cut into 5 × 5 squares: 8 lines of length 1; the modes' own noise bends them by a little.
    assert creases.length() == pytest.approx(8.0, abs=0.05)
    assert (creases.jump[crossing] > 1.5).all() and creases.area == pytest.approx(1.0)
    # The ends of an edge lie on its bisector: both cells have the same value there.
    i, j = creases.pair.T
    y, h = result.brenier.target.points, result.brenier.dual_potential
    for end in (0, 1):
        at = creases.ends[:, end] - 0.5  # u is written about the source's centre
        np.testing.assert_allclose((at * y[i]).sum(1) + h[i], (at * y[j]).sum(1) + h[j], atol=1e-9)


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_the_criterion_is_scale_free_and_the_angle_is_not(scale: float) -> None:
    y, pair = grid(200), np.array([[0, 25], [0, 1], [3, 9]])
    np.testing.assert_allclose(
        jump_ratio(scale * y, local_radius(scale * y), pair), jump_ratio(y, local_radius(y), pair), rtol=1e-9
    )
    angle, scaled = dihedral_angle(y, pair), dihedral_angle(scale * y, pair)
    normals = np.column_stack([y, -np.ones(200)]) / np.sqrt(1 + np.square(y).sum(1))[:, None]
    np.testing.assert_allclose(angle, np.arccos((normals[pair[:, 0]] * normals[pair[:, 1]]).sum(1)), atol=1e-7)
    assert not np.allclose(angle, scaled, rtol=1e-3)


@pytest.mark.parametrize("method", ["semidiscrete-newton", "semidiscrete-stochastic[audit=200]"])
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_grid_through_the_extension_has_all_modes_and_no_bridge_at_any_scale(method: str, scale: float) -> None:
    result = solve(Box.unit(2), grid(500, scale), method=method)
    assert result.brenier is not None
    drawn = Extension.of(result.brenier).sample(4000, seed=1)
    distance = np.linalg.norm(drawn.points[:, None] / scale - CENTRES, axis=2)
    near = distance.min(axis=1)
    assert len(np.unique(distance.argmin(axis=1)[near < 0.15])) == 25
    assert (near > 0.3).mean() <= 0.005
    # New points, not copies: PL images lie between targets.
    assert drawn.blend.shares.max(axis=1).mean() < 0.9
    assert 0.9 < drawn.accepted < 1.0


@pytest.mark.parametrize("d", [1, 2, 5])
def test_barycentres_go_to_their_targets_and_shares_sum_to_one(d: int) -> None:
    y = np.random.default_rng(d).uniform(size=(40, d))
    result = solve(Box.unit(d), y, method="semidiscrete-stochastic[audit=2000]")
    assert result.brenier is not None
    extension = Extension.of(result.brenier, limit=100.0)
    blend = extension(extension.centres)
    # In the plane the triangulation returns its vertices up to rounding; above, the weight 1/0 wins.
    np.testing.assert_allclose(blend.points, y, atol=1e-6)
    x = np.random.default_rng(9).uniform(size=(500, d))
    blend = extension(x)
    assert blend.regular.all() and (blend.shares >= (0 if d <= 3 else -0.5)).all()
    np.testing.assert_allclose(blend.shares.sum(axis=1), 1.0)
    np.testing.assert_allclose(blend.points, np.einsum("kc,kcd->kd", blend.shares, y[blend.rows]))


def _energy(x: np.ndarray, y: np.ndarray) -> float:
    """Energy distance of two samples, Székely & Rizzo 2004."""
    return float(2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean())


@pytest.mark.parametrize("d", [2, 3, 8, 16, 32])
@pytest.mark.parametrize("kind", ["normal", "mixture"])
def test_new_points_spread_as_the_targets_and_are_as_near_to_held_out_data(d: int, kind: str) -> None:
    rng = np.random.default_rng(d)
    modes = 4 * rng.standard_normal((5, d))
    draw = lambda n: (modes[rng.integers(0, 5, n)] if kind == "mixture" else 0) + rng.standard_normal((n, d))  # noqa: E731
    y, held_out = draw(400), draw(2000)
    result = solve(Gaussian.standard(d), y, method="semidiscrete-stochastic[steps=150,batch=2048,rounds=1]")
    assert result.brenier is not None
    drawn = Extension.of(result.brenier).sample(2000, seed=1)
    # A mean of d + 1 targets had .78, .61 and .43 of the spread at d = 8, 16, 32.
    assert 0.95 <= np.sqrt(drawn.points.var(axis=0).sum() / y.var(axis=0).sum()) <= 1.05
    if kind == "normal":
        # Against what the targets themselves have: 2,000 draws add a fifth of it by chance.
        assert _energy(drawn.points, held_out) <= (1.3 if d > 3 else 1.7) * _energy(y, held_out)
    else:
        shares = [np.bincount(cdist(p, modes).argmin(axis=1), minlength=5) / len(p) for p in (drawn.points, y)]
        # χ² ≤ .02: (.02/5)^½ a mode at most; 2,000 draws: five standard errors of .009.
        assert np.abs(shares[0] - shares[1]).max() <= (0.02 / 5) ** 0.5 + 0.045
    assert drawn.accepted > 0.95 and np.median(cdist(drawn.points, y).min(axis=1)) > 0.2 * np.median(
        cdist(held_out, y).min(axis=1)
    )


def test_the_extension_is_affine_on_a_simplex() -> None:
    y = np.random.default_rng(0).uniform(size=(30, 2))
    result = solve(Box.unit(2), y, method="semidiscrete-newton")
    assert result.brenier is not None
    extension = Extension.of(result.brenier, limit=100.0)
    a = np.array([[0.5, 0.5]])
    blend = extension(a)
    step = 1e-4 * np.array([[1.0, 0.3]])
    second = extension(a + step).points + extension(a - step).points - 2 * blend.points
    np.testing.assert_allclose(second, 0.0, atol=1e-12)
    # Its gradient is not the hard map's, which is constant here.
    assert np.abs(extension(a + step).points - blend.points).max() > 1e-5


def test_singular_points_keep_to_their_cell_and_are_not_drawn() -> None:
    y = np.array(
        [[-5.0, 0, 0, 0], [-5.1, 0, 0, 0], [5.0, 0, 0, 0], [5.1, 0, 0, 0], [5.0, 0.1, 0, 0], [-5.0, 0.1, 0, 0]]
    )
    u = Brenier(Gaussian.standard(4), Points(y, np.full(6, 1 / 6)), -np.square(y).sum(axis=1) / 2)
    extension = Extension.of(u, neighbours=2, mixed=3)
    drawn = extension.sample(500)
    assert (np.abs(drawn.points[:, 0]) > 4.9).all()
    every = extension(np.random.default_rng(0).standard_normal((500, 4)))
    assert (np.abs(every.points[:, 0]) > 4.9).all()
    again = extension.sample(500)
    np.testing.assert_array_equal(drawn.points, again.points)


def test_bad_input() -> None:
    u = potential()
    with pytest.raises(ShapeError, match=r"\[k, 2\]"):
        u.map(np.zeros((3, 3)))
    with pytest.raises(NonFiniteError, match="points"):
        u.value(np.full((1, 2), np.nan))
    with pytest.raises(ConfigError, match="1 to 12 leaders"):
        u.leaders(np.zeros((1, 2)), 13)
    with pytest.raises(ConfigError, match="Box or Polygon"):
        singular_set(u)
    with pytest.raises(TooFewSamples, match="at least 2 targets"):
        local_radius(np.zeros((1, 2)))
    with pytest.raises(ConfigError, match="limit > 0"):
        Extension.of(u, limit=0.0)
    with pytest.raises(ConfigError, match="n ≥ 1"):
        Extension.of(u).sample(0)
    with pytest.raises(GantletError, match="raise the limit"):
        Extension.of(potential(5), limit=1e-9).sample(10)
