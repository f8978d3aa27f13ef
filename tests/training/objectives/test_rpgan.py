"""rpgan against the literal formula, hand-computed values, and its invariances."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from gantlet.training.objectives.rpgan import RelativisticPairing

GAME = RelativisticPairing()


def test_hand_computed() -> None:
    real, fake = torch.tensor([2.0, -1.0], dtype=torch.float64), torch.tensor([0.5, 3.0], dtype=torch.float64)
    # softplus(−1.5) = .201413278; softplus(4) = 4.018149928; generator: softplus(1.5) = 1.701413278; softplus(−4) =
    # .018149928
    torch.testing.assert_close(
        GAME.discriminator_loss(real, fake),
        torch.tensor([0.201413278, 4.018149928], dtype=torch.float64),
        atol=1e-8,
        rtol=0,
    )
    torch.testing.assert_close(
        GAME.generator_loss(real, fake),
        torch.tensor([1.701413278, 0.018149928], dtype=torch.float64),
        atol=1e-8,
        rtol=0,
    )


@given(st.floats(-30, 30), st.floats(-30, 30), st.floats(-30, 30))
def test_only_the_difference_counts_and_players_mirror_each_other(r: float, f: float, shift: float) -> None:
    real, fake = torch.tensor([r], dtype=torch.float64), torch.tensor([f], dtype=torch.float64)
    loss = GAME.discriminator_loss(real, fake)
    # the shift rounds the difference by ≤ 60·2⁻⁵³; torch's softplus(t) jumps by e⁻²⁰ ≈ 2e-9 at t = 20
    torch.testing.assert_close(GAME.discriminator_loss(real + shift, fake + shift), loss, atol=3e-9, rtol=0)
    torch.testing.assert_close(GAME.generator_loss(fake, real), loss, atol=0, rtol=0)
    torch.testing.assert_close(loss, torch.log1p(torch.exp(fake - real)), rtol=1e-12, atol=3e-9)


def test_equal_distributions_give_log_two_and_no_mean_gradient() -> None:
    t = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    loss = GAME.discriminator_loss(t, t)
    torch.testing.assert_close(loss, torch.full((4,), math.log(2), dtype=torch.float64))
    (gradient,) = torch.autograd.grad(loss.sum(), t)
    torch.testing.assert_close(gradient, torch.zeros(4, dtype=torch.float64))
