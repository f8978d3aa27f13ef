"""wgan-qc: matching and potentials against a linear program, both losses and gradients by hand, its optimum W₂²."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.objectives.wgan_qc import potentials, shortest, squared_distances
from gantlet.training.parts import Parts
from gantlet.training.penalties.gradients import input_gradient


def by_linear_program(cost: np.ndarray) -> float:
    """The dual by HiGHS: max Σu − Σv over u_i − v_j ≤ c_ij, u_0 = 0."""
    n = len(cost)
    rows = np.zeros((n * n, 2 * n))
    for i in range(n):
        for j in range(n):
            rows[i * n + j, i], rows[i * n + j, n + j] = 1, -1
    bounds = [(0, 0), *[(None, None)] * (2 * n - 1)]
    found = linprog(np.r_[-np.ones(n), np.ones(n)], A_ub=rows, b_ub=cost.ravel(), bounds=bounds)
    return -float(found.fun)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 12), st.integers(0, 10_000))
def test_potentials_are_feasible_tight_and_optimal(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = squared_distances(rng.normal(size=(n, 2)), rng.normal(size=(n, 2)) + 1)
    partner, u, v = potentials(cost)
    # sums of at most n path weights, each rounded at 2⁻⁵² of about 40
    assert (u[:, None] - v[None] <= cost + 1e-11).all()
    np.testing.assert_allclose(u[partner] - v, cost[partner, np.arange(n)], atol=1e-11)
    assert sorted(partner) == list(range(n))
    assert u.sum() + v.sum() == pytest.approx(0, abs=1e-10)
    assert u.sum() - v.sum() == pytest.approx(by_linear_program(cost), abs=1e-7)  # HiGHS' tolerance


def test_shortest_paths_by_hand() -> None:
    # u_0 ≤ u_1 − 3, u_1 ≤ u_2 + 1, u_2 ≤ u_1 − 1 …: the best is u = (−4, −1, −2)? checked edge by edge below
    weights = np.array([[0.0, -3.0, 5.0], [9.0, 0.0, 1.0], [9.0, -1.0, 0.0]])
    u = shortest(weights)
    assert (u[:, None] <= u[None] + weights + 1e-12).all()
    assert u.max() == 0
    np.testing.assert_allclose(u, [-3, 0, -1])


def test_one_dimension_is_sorting_and_its_value_is_half_w2() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 1)), rng.normal(size=(40, 1)) * 2 + 3
    partner, u, v = potentials(squared_distances(x, y) / 2)
    assert np.array_equal(x[partner, 0].argsort(), y[:, 0].argsort())
    exact = np.square(np.sort(x[:, 0]) - np.sort(y[:, 0])).mean() / 2
    assert (u.mean() - v.mean()) == pytest.approx(exact, rel=1e-12)


REAL = torch.tensor([[0.0, 0.0], [4.0, 0.0]], dtype=torch.float64)
FAKE = torch.tensor([[4.0, 2.0], [0.0, 1.0]], dtype=torch.float64)


def test_losses_by_hand() -> None:
    """K = 1: c = ½‖x−y‖²; partners cross: c = 2 and ½. u = (a, b), v = (b − 2, a − ½): by symmetry of the extremes."""
    game = OBJECTIVES.build("wgan-qc[cost=1,gamma=0.25]").matched(REAL, FAKE)
    assert game.partners.tolist() == [[4.0, 0.0], [0.0, 0.0]]
    assert float((game.u - game.v[[1, 0]]).sum()) == pytest.approx(2.5)
    # constraints c_00 = 10, c_11 = 8.5: a − b ≤ 10 − 2 = 8, b − a ≤ 8.5 − ½ = 8: the mean of the extremes is a = b,
    # and the mean of u and v is 0: 2a + (a − 2) + (a − ½) = 0
    np.testing.assert_allclose(game.u, [0.625, 0.625], atol=1e-12)
    np.testing.assert_allclose(game.v, [-1.375, 0.125], atol=1e-12)
    r, f = torch.tensor([2.0, 0.0], dtype=torch.float64), torch.tensor([0.0, 1.0], dtype=torch.float64)
    expected = [(0.375**2 + 1.375**2) / 2, (0.375**2 + 0.875**2) / 2]
    np.testing.assert_allclose(game.discriminator_loss(r, f), expected, rtol=1e-12)
    slope = torch.tensor([[3.0, 4.0], [0.0, 0.0]], dtype=torch.float64)
    # 4·1·.25/2·mean((5/2 − 2/2)², (0 − ½)²)
    assert float(game.regulariser(slope, FAKE)) == pytest.approx(0.5 * (1.5**2 + 0.5**2) / 2)


def test_parameter_gradients_are_finite_differences() -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    game = OBJECTIVES.build("wgan-qc").matched(REAL, FAKE)

    def loss() -> Tensor:
        fakes = FAKE.clone().requires_grad_(True)
        slope = input_gradient(lambda images, labels: critic(images).squeeze(1), fakes, None)
        fit = game.discriminator_loss(critic(REAL).squeeze(1), critic(fakes).squeeze(1)).mean()
        return fit + game.regulariser(slope, fakes)

    gradients = torch.autograd.grad(loss(), list(critic.parameters()), allow_unused=True)
    for parameter, gradient in zip(critic.parameters(), gradients, strict=True):
        flat = parameter.data.view(-1)
        for i in range(len(flat)):
            kept = float(flat[i])
            sides = []
            for step in (1e-5, -1e-5):
                flat[i] = kept + step
                sides.append(float(loss().detach()))
            flat[i] = kept
            found = 0.0 if gradient is None else float(gradient.view(-1)[i])
            # central difference, h = 1e-5: error about 1e-10
            assert found == pytest.approx((sides[0] - sides[1]) / 2e-5, abs=1e-7)


def test_its_optimum_is_the_transport_potential() -> None:
    """Between N(0, I) and its shift by m: v(y) = ⟨m, y⟩ + constant on the fakes, and mean r − f = ½·‖m‖² = 18.

    On the reals u(x) = ⟨m, x⟩ − ‖m‖²/2 + the same constant, so the critic needs a step between the two sides: linear in
    [x, tanh(2(x₁ − 3))]. Batches of 128 differ by their own noise; the shift is long against it.
    """
    torch.manual_seed(0)
    shift = torch.tensor([6.0, 0.0], dtype=torch.float64)
    last = nn.Linear(3, 1).double()

    def critic(x: Tensor) -> Tensor:
        return last(torch.cat([x, torch.tanh(2 * (x[:, :1] - 3))], 1))

    game = OBJECTIVES.build("wgan-qc[cost=1]")
    batches = [(torch.randn(128, 2).double() + shift, torch.randn(128, 2).double()) for _ in range(5)]
    matched = [(real, fake, game.matched(real, fake)) for real, fake in batches]
    optimizer = torch.optim.LBFGS(last.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        total = torch.zeros((), dtype=torch.float64)
        for real, fake, game in matched:
            slope = input_gradient(lambda images, labels: critic(images).squeeze(1), fake.clone(), None)
            fit = game.discriminator_loss(critic(real).squeeze(1), critic(fake).squeeze(1)).mean()
            total = total + fit + game.regulariser(slope, fake)
        total.backward()
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    real, fake = batches[0]
    # the matched distance exceeds ‖m‖ = 6 by the batches' noise: E‖x_σ − y‖² = 36 + 2·(about .15) for n = 128
    np.testing.assert_allclose(last.weight.detach()[0, :2], [6, 0], atol=0.3)
    assert float((critic(real) - critic(fake)).mean().detach()) == pytest.approx(18, abs=1.5)


@pytest.mark.parametrize("spec", ["wgan-qc[gamma=-1]", "wgan-qc[cost=-1]"])
def test_bad_options(spec: str) -> None:
    with pytest.raises(ConfigError):
        OBJECTIVES.build(spec)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"conditioning": "projection"}, "does not read labels"),
        ({"techniques": ("unrolled",)}, "leave it out"),
        ({"network": "dcgan"}, "mixes"),
    ],
)
def test_what_it_does_not_go_with(changes: dict[str, object], words: str) -> None:
    values = {"objective": "wgan-qc", "network": "dcgan[width=4,norm=none]", **changes}
    config = TrainConfig(**values)  # type: ignore[arg-type]
    parts = Parts.of(config)
    with pytest.raises(ConfigError, match=words):
        parts.require_fit(config, parts.network.discriminator(ImageShape(16, 1), config.conditioning, 3))


def test_default_cost_is_one_over_the_dimension() -> None:
    assert OBJECTIVES.build("wgan-qc").matched(REAL, FAKE).cost == 1 / 2
    assert math.isclose(OBJECTIVES.build("wgan-qc[cost=3]").matched(REAL, FAKE).cost, 3)
