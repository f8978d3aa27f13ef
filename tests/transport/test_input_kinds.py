"""Every kind of input works or is refused in words: lists, float32, tensors, gradients, few, flat and stretched points."""

import numpy as np
import pytest
import torch
from scipy.special import ndtri

from gantlet.core.errors import ConfigError, DataError, GantletError, ShapeError
from gantlet.transport import SOLVERS, differentiable_cost, solve
from gantlet.transport.continuous import Box, Gaussian, Polygon
from gantlet.transport.extension import Extension

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((6, 2)), RNG.standard_normal((5, 2)) + 1
KINDS = {
    "list": lambda a: a.tolist(),
    "tuple of rows": tuple,
    "float32": lambda a: a.astype(np.float32),
    "float16 tensor": lambda a: torch.from_numpy(a).half(),
    "bfloat16": lambda a: torch.from_numpy(a).bfloat16(),
    "integers": lambda a: np.round(10 * a).astype(int),
    "fortran order": np.asfortranarray,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", SOLVERS.names())
def test_points_of_any_real_type_are_taken(kind: str, method: str) -> None:
    turn = KINDS[kind]
    if method.startswith("semi"):
        source = Box([0, 0], torch.ones(2)) if method.endswith("newton") else Gaussian([0.0, 0.0], [[1, 0], [0, 2.0]])
        quick = "[steps=20,rounds=1,batch=128]" if method.endswith("stochastic") else ""
        result = solve(source, turn(Y), method=method + quick)
        assert result.brenier is not None and Extension.of(result.brenier)(turn(X)).points.shape == (6, 2)
    else:
        result = solve(turn(X), turn(Y), method=method)
    assert result.cost > 0
    if result.map is not None:
        assert result.map(turn(X)).shape == (6, 2)


@pytest.mark.parametrize("method", SOLVERS.names())
@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([[1.0, 2.0], [3.0]], "NumPy refuses"),
        (np.ones((3, 2), dtype=complex), "real numbers"),
        (torch.ones(3, 2, dtype=torch.bool), "real numbers"),
        (np.array([[None, 1.0]]), "real numbers"),
        (torch.ones(3, 2, requires_grad=True), "differentiable_cost"),
    ],
)
def test_points_of_other_kinds_are_refused_in_words(method: str, points: object, says: str) -> None:
    source = Box.unit(2) if method.startswith("semi") else X
    with pytest.raises((ShapeError, ConfigError), match=says):
        solve(source, points, method=method)


@pytest.mark.parametrize("method", SOLVERS.names())
@pytest.mark.parametrize(
    "y",
    [
        Y[:1],
        Y[:2],
        np.outer(np.arange(4.0), [1.0, 2.0]),
        Y * [1.0, 1e-6],
        np.vstack([Y, Y + 1e-12]),
        np.vstack([Y, Y + 1e-300]),
        np.zeros((1, 2)),
        Y + 1e9,
    ],
    ids=["one", "two", "line", "stretched", "near doubles", "equal in float64", "origin", "far"],
)
def test_hard_points_are_solved_or_refused_in_words(method: str, y: np.ndarray) -> None:
    source = Box.unit(2) if method.startswith("semi") else X
    try:
        result = solve(source, y, method=method)
    except GantletError:
        return
    proof = result.certificate
    assert np.isfinite(result.cost) and (proof.upper is None or proof.lower <= proof.upper * (1 + 1e-9) + 1e-9)
    if result.converged and result.brenier is not None:
        n = len(y)
        x = np.random.default_rng(1).uniform(size=(20_000, 2))
        shares = np.bincount(result.brenier.cells(x), minlength=n) / 20_000
        # χ² ≤ .02 leaves |w − ν| ≤ (.02 ν)^½; binomial, five standard errors.
        assert (np.abs(shares - 1 / n) <= (0.02 / n) ** 0.5 + 5 * (1 / n / 20_000) ** 0.5).all()


def test_wrong_distributions_are_refused_in_words() -> None:
    with pytest.raises(ShapeError, match="one length"):
        Box([0.0], [1.0, 2.0])
    with pytest.raises(ShapeError, match="covariance"):
        Gaussian([0.0, 0.0, 0.0], np.eye(2))
    with pytest.raises(ShapeError, match="vertices"):
        Polygon([[0.0, 0.0, 1.0]])
    flat = solve(Gaussian([0.0, 0.0], [[1.0, 0.0], [0.0, 0.0]]), Y, method="semidiscrete-stochastic")
    assert flat.converged


class Exponential:
    """A source of a user's own: two independent exponential numbers, with a mean that may be wrong."""

    dim = 2

    def __init__(self, claimed: float, kind: type = np.ndarray) -> None:
        self.centre, self.kind = [claimed, claimed], kind

    def from_uniform(self, uniform: np.ndarray):  # type: ignore[no-untyped-def]
        points = -np.log1p(-uniform)
        return torch.from_numpy(points).float() if self.kind is torch.Tensor else points


def test_the_mean_of_a_users_source_is_tested_and_never_trusted() -> None:
    y = np.random.default_rng(2).uniform(size=(20, 2)) + 100
    with pytest.raises(DataError, match=r"centre\[0\] is 0, but 10000 points"):
        solve(Exponential(0.0), y, method="semidiscrete-stochastic")
    # Too small an error to be found, but 2·⟨0.02·(1, 1), m − c⟩ = 8 in the cost: the bounds hold all the same.
    true = solve(Exponential(1.0, torch.Tensor), y, method="semidiscrete-stochastic[audit=2000]")
    off = solve(Exponential(1.02), y, method="semidiscrete-stochastic[audit=2000]")
    x = -np.log1p(-np.random.default_rng(3).uniform(size=(200_000, 2)))
    assert true.map is not None
    cost = float(np.square(x - true.map(x)).sum(axis=1).mean())
    for result in (true, off):
        proof = result.certificate
        # The cost's own samples have the standard error 2·100·√2/√200,000 = 0.63: five of them.
        assert proof.lower - 3.2 <= cost <= proof.upper + 3.2
    assert off.cost == pytest.approx(true.cost, abs=5 * 2**0.5 * true.details["dual_error"])


class Wrong(Gaussian):
    """A subclass that samples another distribution than its parent's."""

    def from_uniform(self, uniform: np.ndarray) -> np.ndarray:
        return ndtri(uniform) + 3.0


def test_a_subclass_is_a_users_source_too() -> None:
    with pytest.raises(DataError, match="Correct centre"):
        solve(Wrong(np.zeros(2), np.eye(2)), Y, method="semidiscrete-stochastic")
    with pytest.raises(ConfigError, match="got Wrong"):
        solve(Wrong(np.full(2, 3.0), np.eye(2)), Y, method="gaussian")


@pytest.mark.parametrize("method", ["exact", "sinkhorn[epsilon=0.3,tolerance=1e-11]"])
@pytest.mark.parametrize("cost", ["quadratic", "minkowski[p=3]"])
def test_gradients_are_those_of_finite_differences(method: str, cost: str) -> None:
    x, y = (torch.from_numpy(points).clone().requires_grad_(True) for points in (X, Y))
    a = torch.from_numpy(RNG.dirichlet(np.full(6, 4.0))).requires_grad_(True)
    both = {"cost": cost, "method": method}
    value = differentiable_cost(x, y, source_masses=a, **both)
    grads = torch.autograd.grad(value, (x, y, a))
    # ε counts as a constant: keep it while differencing, by an absolute one.
    scale = _mean_cost(x, y, a, cost)

    def at(px: torch.Tensor, py: torch.Tensor, pa: torch.Tensor) -> float:
        spec = (
            method
            if method == "exact"
            else f"sinkhorn[epsilon={0.3 * scale / _mean_cost(px, py, pa, cost)!r},tolerance=1e-11]"
        )
        return float(differentiable_cost(px, py, cost, spec, source_masses=pa))

    assert at(x.detach(), y.detach(), a.detach()) == pytest.approx(value.item(), rel=1e-9)
    inputs, step = [x.detach(), y.detach(), a.detach()], 1e-5
    for k, gradient in enumerate(grads):
        direction = torch.from_numpy(np.random.default_rng(k).standard_normal(inputs[k].shape))
        if k == 2:
            direction -= direction.mean()  # masses keep their sum
        moved = [[*inputs[:k], inputs[k] + sign * step * direction, *inputs[k + 1 :]] for sign in (1, -1)]
        slope = (at(*moved[0]) - at(*moved[1])) / (2 * step)
        # Central differences: O(step²) and 1e-11/1e-5 of the tolerance.
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-4, abs=1e-5)


def _mean_cost(x: torch.Tensor, y: torch.Tensor, a: torch.Tensor, cost: str) -> float:
    from gantlet.transport.costs import cost_of

    between = cost_of(cost).between
    assert between is not None
    return float(a.detach() @ between(x.detach(), y.detach()).mean(dim=1))
