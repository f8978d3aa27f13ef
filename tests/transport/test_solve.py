"""Discrete solvers against exact transport, closed forms and properties; bad input, one sentence each."""

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.stats import wasserstein_distance

from gantlet.core.errors import (
    ConfigError,
    DataError,
    NonFiniteError,
    ShapeError,
    TooFewSamples,
    UnknownName,
)
from gantlet.transport import SOLVERS, solve
from gantlet.transport.continuous import Box, Gaussian
from gantlet.transport.sliced import line_plan

SEEDS = st.integers(0, 10**6)


def pair(seed: int, n: int = 20, m: int = 20, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), 0.5 * rng.standard_normal((m, d)) + 1


def masses(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(n, 3.0))


def test_the_solvers_are_registered() -> None:
    names = {"exact", "gaussian", "sinkhorn", "sliced"}
    assert names <= set(SOLVERS.names())


def test_exact_equals_assignment_and_pot() -> None:
    x, y = pair(0)
    cost = np.square(x[:, None] - y[None]).sum(-1)
    result = solve(x, y, method="exact")
    rows, columns = linear_sum_assignment(cost)
    assert result.cost == pytest.approx(cost[rows, columns].mean(), rel=1e-12)
    a, b = masses(1, 20), masses(2, 20)
    weighted = solve(x, y, cost="euclidean", source_masses=a, target_masses=b)
    assert weighted.cost == pytest.approx(ot.emd2(a, b, np.sqrt(cost)), rel=1e-9)
    assert weighted.converged and weighted.seconds > 0


@pytest.mark.parametrize("scale", [1e-30, 1e-7, 1e-4, 1e7, 1e30])
def test_exact_is_exact_at_every_scale(scale: float) -> None:
    x, y = pair(0, 50, 60)
    a, b = masses(1, 50), masses(2, 60)
    result = solve(scale * x, scale * y, source_masses=a, target_masses=b)
    # Coordinates × 1e-7 were 14 % off once: the simplex took all costs for equal.
    assert result.converged and result.cost / scale**2 == pytest.approx(ot.emd2(a, b, ot.dist(x, y)), rel=1e-9), (
        result.reason
    )


@pytest.mark.parametrize("far", [1e4, 1e6])
def test_exact_resolves_costs_of_very_different_size(far: float) -> None:
    x, y = pair(1, 40, 40, 2)
    x[:5] += far
    y[5:10] -= far
    cost = np.square(x[:, None] - y[None]).sum(-1)
    rows, columns = linear_sum_assignment(cost)
    result = solve(x, y)
    assert result.converged and result.cost == pytest.approx(cost[rows, columns].mean(), rel=1e-13)
    # The rest is transported optimally too, though it costs 1e-8 to 1e-12 of the whole.
    near = 40 * result.plan[10:, 10:]  # type: ignore[index]
    block = cost[10:, 10:][near.sum(1) > 0.5][:, near.sum(0) > 0.5]
    rows, columns = linear_sum_assignment(block)
    assert float((near * cost[10:, 10:]).sum()) == pytest.approx(block[rows, columns].sum(), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 15), st.integers(1, 15))
def test_exact_plan_has_its_marginals_and_its_potentials_prove_it(seed: int, n: int, m: int) -> None:
    x, y = pair(seed, n, m)
    a, b = masses(seed, n), masses(seed + 1, m)
    result = solve(x, y, source_masses=a, target_masses=b)
    assert result.plan is not None and result.source_potential is not None and result.target_potential is not None
    np.testing.assert_allclose(result.plan.sum(1), a, atol=1e-12)
    np.testing.assert_allclose(result.plan.sum(0), b, atol=1e-12)
    cost = np.square(x[:, None] - y[None]).sum(-1)
    # Costs are at most about 50: rounding 1e-14 a term.
    assert (result.source_potential[:, None] + result.target_potential <= cost + 1e-10).all()
    lower, upper = result.certificate.lower, result.certificate.upper
    assert lower is not None and upper is not None
    assert lower <= result.cost <= upper and upper - lower <= 1e-9


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(["exact", "sliced[directions=20]", "sliced[directions=20,maximum=true]", "gaussian"]))
def test_symmetry_translation_and_scale(seed: int, method: str) -> None:
    x, y = pair(seed, 12, 9, 2)
    cost = solve(x, y, method=method).cost
    # Ascent may stop at a value that differs by its relative tolerance.
    tolerance = 1e-6 if "maximum" in method else 1e-9
    assert solve(y, x, method=method).cost == pytest.approx(cost, rel=tolerance)
    assert solve(3 * x, 3 * y, method=method).cost == pytest.approx(9 * cost, rel=tolerance)
    t = np.array([0.7, -2.0])
    if method in ("exact", "gaussian"):
        # W₂²(x + t, y) = W₂²(x, y) + 2⟨t, m_x − m_y⟩ + |t|².
        expected = cost + 2 * t @ (x.mean(0) - y.mean(0)) + t @ t
        assert solve(x + t, y, method=method).cost == pytest.approx(expected, rel=1e-8, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_every_lower_bound_is_below_exact_transport(seed: int) -> None:
    x, y = pair(seed, 15, 11)
    exact = solve(x, y).cost
    for method in ("gaussian", "sliced[directions=30]", "sliced[maximum=true,directions=30]", "sinkhorn"):
        lower = solve(x, y, method=method).certificate.lower
        assert lower is not None and lower <= exact * (1 + 1e-12)


def test_sliced_in_one_dimension_is_exact_for_unequal_sizes_and_masses() -> None:
    x, y = pair(3, 17, 23, 1)
    a, b = masses(3, 17), masses(4, 23)
    both = {"source_masses": a, "target_masses": b}
    assert solve(x, y, method="sliced", **both).cost == pytest.approx(solve(x, y, **both).cost, rel=1e-9)
    plan = line_plan(x[:, 0], y[:, 0], a, b)
    moved = plan.mass @ np.abs(x[plan.source, 0] - y[plan.target, 0])
    assert moved == pytest.approx(wasserstein_distance(x[:, 0], y[:, 0], a, b), rel=1e-12)


def test_sliced_equals_pots_and_max_sliced_finds_the_worst_direction() -> None:
    x, y = pair(5, 40, 40, 2)
    result = solve(x, y, method="sliced[directions=4000,seed=1]")
    theirs = ot.sliced_wasserstein_distance(x, y, n_projections=4000, seed=0) ** 2
    # Two independent means over 4,000 directions each: five standard errors of their difference.
    assert result.cost == pytest.approx(theirs, abs=5 * 2**0.5 * result.details["standard_error"])
    angles = np.linspace(0, np.pi, 2001)
    unit = np.stack([np.cos(angles), np.sin(angles)])
    worst = np.square(np.sort(x @ unit, axis=0) - np.sort(y @ unit, axis=0)).mean(axis=0).max()
    # The grid errs by O(spacing²) = 2e-6, relative.
    largest = solve(x, y, method="sliced[maximum=true,directions=30]")
    assert largest.cost == pytest.approx(worst, rel=1e-4)
    assert largest.converged


def test_gaussians_with_equal_axes_and_the_map_moves_one_to_the_other() -> None:
    rng = np.random.default_rng(0)
    a, b = np.diag([1.0, 4.0]), np.diag([9.0, 0.25])
    result = solve(Gaussian(np.zeros(2), a), Gaussian(np.array([3.0, 0.0]), b), method="gaussian")
    # |m|² + Σ(σ − σ')² = 9 + (1 − 3)² + (2 − ½)².
    assert result.cost == pytest.approx(9 + 4 + 2.25, rel=1e-12)
    root = rng.standard_normal((2, 4, 4))
    first, second = (r @ r.T + 0.1 * np.eye(4) for r in root)
    matrix = solve(Gaussian(np.zeros(4), first), Gaussian(np.zeros(4), second), method="gaussian").details["matrix"]
    np.testing.assert_allclose(matrix @ first @ matrix, second, rtol=1e-8, atol=1e-9)
    # An affine image under a positive definite matrix: transport between the points themselves is that map.
    x = rng.standard_normal((30, 4))
    y = x @ matrix + 2
    affine = solve(x, y, method="gaussian")
    assert affine.map is not None
    np.testing.assert_allclose(affine.map(x), y, atol=1e-8)
    assert affine.cost == pytest.approx(solve(x, y).cost, rel=1e-9)
    with pytest.raises(NonFiniteError, match="singular"):
        solve(np.ones((5, 2)), x[:, :2], method="gaussian")


def test_sinkhorn_tends_to_exact_transport_and_maps_new_points() -> None:
    x, y = pair(6, 30, 30)
    exact = solve(x, y).cost
    result = solve(torch.from_numpy(x), torch.from_numpy(y), method="sinkhorn[epsilon=0.005,tolerance=1e-4]")
    epsilon = result.details["epsilon"]
    # 0 ≤ ⟨P, C⟩ − W₂² ≤ ε KL(P ‖ abᵀ) ≤ ε log n; marginal error 1e-4 times costs of size 20.
    assert exact - 2e-3 <= result.cost <= exact + epsilon * np.log(30) + 2e-3
    assert result.map is not None and result.plan is not None
    # At the source points the projection is that of the plan, up to what is left of the row constraint.
    np.testing.assert_allclose(result.map(x), 30 * result.plan @ y, atol=0.02)
    assert abs(solve(x, x, method="sinkhorn").details["divergence"]) < 1e-3 * exact


GOOD = np.random.default_rng(0).standard_normal((4, 2))


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"target": np.zeros((4, 3))}, ShapeError, "dimension 2, target 3"),
        ({"target": np.zeros(4)}, ShapeError, r"shape \[n, d\]"),
        ({"target": np.zeros((0, 2))}, TooFewSamples, "target"),
        ({"target": np.full((4, 2), np.nan)}, NonFiniteError, "target points"),
        ({"target": "digits"}, ShapeError, "str"),
        ({"target": np.array([["a", "b"]])}, ShapeError, "real numbers"),
        ({"source_masses": [0.5, 0.5, 0.0, 0.0]}, DataError, r"source_masses\[2\] is 0"),
        ({"target_masses": [-0.5, 0.5, 0.5, 0.5]}, DataError, r"target_masses\[0\] is -0.5"),
        ({"target_masses": [1.0, 1.0, 1.0, 1.0]}, DataError, "sum to 4"),
        ({"target_masses": [0.5, 0.5]}, ShapeError, r"shape \[4\]"),
        ({"target_masses": [np.nan] * 4}, NonFiniteError, "target_masses"),
        ({"cost": "cubic"}, UnknownName, "cubic"),
        ({"cost": "euclidean", "method": "gaussian"}, ConfigError, "'gaussian' takes the cost quadratic"),
        ({"method": "exakt"}, UnknownName, "exact"),
        ({"method": "sliced[direction=3]"}, UnknownName, "directions"),
        ({"method": "sliced[directions=1]"}, ConfigError, "2 directions"),
        ({"method": "sinkhorn[epsilon=0]"}, ConfigError, "epsilon"),
        ({"source": Box.unit(2)}, ConfigError, "semidiscrete"),
        ({"source": Box.unit(2), "method": "gaussian"}, ConfigError, "Box"),
        ({"source": Gaussian.standard(2), "source_masses": [1.0]}, ConfigError, "takes no source_masses"),
    ],
)
def test_bad_input_is_one_clear_sentence(options: dict, error: type[Exception], says: str) -> None:
    call = {"source": GOOD, "target": GOOD + 1, **options}
    with pytest.raises(error, match=says):
        solve(**call)
