"""nonsaturating against the literal formula −log σ, hand-computed values, finite differences and the optimum log 4."""

import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from gantlet.training.objectives.nonsaturating import NonSaturating

GAME = NonSaturating()
LOGITS = st.lists(st.floats(-30, 30), min_size=1, max_size=8)


def test_hand_computed() -> None:
    real, fake = torch.tensor([2.0, -1.0], dtype=torch.float64), torch.tensor([0.5, 3.0], dtype=torch.float64)
    # softplus(−2) + softplus(.5) = .126928011 + .974076984; softplus(1) + softplus(3) = 1.313261688 + 3.048587352
    expected = torch.tensor([1.101004995, 4.361849040], dtype=torch.float64)
    torch.testing.assert_close(GAME.discriminator_loss(real, fake), expected, atol=1e-8, rtol=0)
    # softplus(−.5) = .474076984; softplus(−3) = .048587352
    torch.testing.assert_close(
        GAME.generator_loss(real, fake),
        torch.tensor([0.474076984, 0.048587352], dtype=torch.float64),
        atol=1e-8,
        rtol=0,
    )


@given(LOGITS)
def test_equals_the_papers_formula(values: list[float]) -> None:
    real, fake = np.array(values), np.array(values[::-1])
    sigma = lambda t: 1 / (1 + np.exp(-t))  # noqa: E731
    # 1 − σ(f) = σ(−f) avoids cancellation; both sides are float64, so 1e-12 relative is hundreds of roundings
    expected = -np.log(sigma(real)) - np.log(sigma(-fake))
    loss = GAME.discriminator_loss(torch.from_numpy(real), torch.from_numpy(fake)).numpy()
    np.testing.assert_allclose(loss, expected, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(
        GAME.generator_loss(torch.from_numpy(real), torch.from_numpy(fake)).numpy(),
        -np.log(sigma(fake)),
        rtol=1e-6,
        atol=1e-12,
    )


def test_optimum_is_log_four_and_stationary() -> None:
    real, fake = (
        torch.zeros(5, dtype=torch.float64, requires_grad=True),
        torch.zeros(5, dtype=torch.float64, requires_grad=True),
    )
    loss = GAME.discriminator_loss(real, fake)
    torch.testing.assert_close(loss, torch.full((5,), math.log(4), dtype=torch.float64))
    # on equal distributions real and fake logits are the same variable t: d/dt [softplus(−t) + softplus(t)] = 0 at t
    # = 0
    r, f = torch.autograd.grad(loss.sum(), [real, fake])
    torch.testing.assert_close(r + f, torch.zeros(5, dtype=torch.float64))


def test_generator_keeps_its_gradient_when_the_discriminator_wins() -> None:
    fake = torch.tensor([-20.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(GAME.generator_loss(torch.zeros(1, dtype=torch.float64), fake).sum(), fake)
    assert abs(float(gradient) + 1) < 1e-8  # −σ(20)
