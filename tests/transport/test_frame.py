"""One frame for all geometry: translation and scale change nothing, against cells clipped in extended precision."""

import itertools

import numpy as np
import pytest
from scipy.special import ndtr

from gantlet.transport import solve
from gantlet.transport.brenier import Brenier
from gantlet.transport.continuous import Box, Gaussian
from gantlet.transport.extension import Extension
from gantlet.transport.singular import singular_set

NEWTON = "semidiscrete-newton"
UNIFORM = np.random.default_rng(0).uniform(size=(40, 2))
CLUSTERS = 1000 * np.random.default_rng(1).uniform(size=(5, 2))[np.arange(40) % 5] + np.random.default_rng(2).normal(
    size=(40, 2)
)


def cell_area(u: Brenier, corners: np.ndarray, i: int) -> float:
    """Area of {x: ⟨x − c, y_i − y_j⟩ + h_i ≥ h_j for all j} cut out of a convex polygon, with 64-bit mantissas."""
    centre = np.asarray(u.source.centre, np.longdouble)
    shape = corners.astype(np.longdouble) - centre
    y, h = u.target.points.astype(np.longdouble), u.dual_potential.astype(np.longdouble)
    for j in range(len(y)):
        if j == i or not len(shape):
            continue
        over = shape @ (y[j] - y[i]) + h[j] - h[i]
        kept = []
        for k in range(len(shape)):
            a, b, p, q = over[k - 1], over[k], shape[k - 1], shape[k]
            if (a <= 0) != (b <= 0):
                kept.append(p + (q - p) * a / (a - b))
            if b <= 0:
                kept.append(q)
        shape = np.array(kept)
    x, z = shape.T
    return float((x * np.roll(z, -1) - z * np.roll(x, -1)).sum() / 2)


@pytest.mark.parametrize("points", [UNIFORM, CLUSTERS], ids=["uniform", "clusters"])
@pytest.mark.parametrize(
    ("size", "source_at", "target_at"),
    [(1e-3, 0, 0), (1.0, 0, 0), (3000.0, 0, 0), (1e6, 0, 0), (1.0, 1e6, 0), (1.0, 0, 1e6), (1e3, 5e5, 5e5)],
)
def test_cells_barycentres_and_creases_are_right_at_every_scale_and_place(
    points: np.ndarray, size: float, source_at: float, target_at: float
) -> None:
    domain = Box(np.full(2, float(source_at)), np.full(2, source_at + 1.0))
    result = solve(domain, size * points + target_at, method=NEWTON)
    assert result.converged and result.brenier is not None, result.reason
    u, corners = result.brenier, domain.polygon.vertices
    areas = np.array([cell_area(u, corners, i) for i in range(40)])
    np.testing.assert_allclose(areas, 1 / 40, rtol=1e-7)
    centres, masses = u.barycentres()
    np.testing.assert_allclose(masses, 1 / 40, rtol=1e-7)
    assert ((centres >= source_at) & (centres <= source_at + 1)).all()
    # A barycentre lies in its own cell, and the ends of a crease at equal scores of its two cells.
    np.testing.assert_array_equal(u.cells(centres), np.arange(40))
    creases, away = singular_set(u), u.frame
    scores = away.inward(creases.ends.reshape(-1, 2)) @ u.sites.T + u.framed
    scores = scores.reshape(-1, 2, 40)
    i, j = creases.pair.T
    rows = np.arange(len(i))
    # Ends at offset 1e6 are rounded to 1e-10.
    for end in (0, 1):
        np.testing.assert_allclose(scores[rows, end, i], scores[rows, end, j], atol=1e-9)
    assert Extension.of(u).sample(50).points.shape == (50, 2)


def test_the_potential_of_the_cost_is_that_of_the_cells_where_float64_holds_it() -> None:
    result = solve(Box.unit(2), UNIFORM + 100, method=NEWTON)
    assert result.target_potential is not None and result.details["potential_rounding"] < 1e-9
    x = np.random.default_rng(3).uniform(size=(2000, 2))
    power = np.square(x[:, None] - UNIFORM - 100).sum(-1) - result.target_potential
    np.testing.assert_array_equal(power.argmin(axis=1), result.brenier.cells(x))  # type: ignore[union-attr]
    far = solve(Box.unit(2), UNIFORM + 1e8, method=NEWTON)
    assert far.converged and far.details["potential_rounding"] > 1e-7 > far.details["rounding"]


def test_costs_shift_and_scale_as_they_must() -> None:
    cost = solve(Box.unit(2), UNIFORM, method=NEWTON).cost
    apart = UNIFORM.mean(axis=0) - 0.5
    far = solve(Box.unit(2), UNIFORM + 1000, method=NEWTON).cost
    # W₂²(μ, ν + t) = W₂²(μ, ν) + 2⟨t, m − c⟩ + |t|².
    assert far == pytest.approx(cost + 2000 * apart.sum() + 2e6, rel=1e-14)
    scaled = solve(Box(np.zeros(2), np.full(2, 2.0**40)), UNIFORM * 2.0**40, method=NEWTON).cost
    assert scaled == cost * 2.0**80


def line_masses(u: Brenier) -> np.ndarray:
    """Masses of the cells of a potential on the line under N(0, 1), by its upper envelope in extended precision."""
    y, h = u.target.points[:, 0].astype(np.longdouble), u.dual_potential.astype(np.longdouble)
    hull: list[int] = []
    for k in np.argsort(y):
        while len(hull) > 1:
            i, j = hull[-2:]
            if (h[i] - h[j]) / (y[j] - y[i]) < (h[j] - h[k]) / (y[k] - y[j]):
                break
            hull.pop()
        hull.append(int(k))
    ends = np.array([(h[i] - h[j]) / (y[j] - y[i]) for i, j in itertools.pairwise(hull)], np.float64)
    cuts = np.concatenate([[0.0], ndtr(ends), [1.0]])
    masses = np.zeros(len(y))
    masses[hull] = np.diff(cuts)
    return masses


def test_the_interval_of_chi2_is_that_of_the_map_returned() -> None:
    """Two clusters at distance 10³ to 10⁵: cells found in float32 are not the map's."""
    held = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        y = rng.standard_normal((60, 1))
        y[:30] += [1e3, 1e4, 1e5][seed % 3]
        options = f"steps=40,rounds=1,batch=256,audit=200,seed={seed}"
        result = solve(Gaussian.standard(1), y, method=f"semidiscrete-stochastic[{options}]")
        proof = result.certificate
        assert result.brenier is not None and proof.chi2_low is not None and proof.chi2_high is not None
        masses = line_masses(result.brenier)
        held += proof.chi2_low <= 60 * float(np.square(masses).sum()) - 1 <= proof.chi2_high
    # 95 % of 40: standard deviation 1.4; three of them.
    assert held >= 34
