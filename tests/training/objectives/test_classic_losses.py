"""minimax, lsgan, wgan and hinge against values computed by hand from their papers' formulas."""

import math

import pytest
import torch
from torch import Tensor

from gantlet.core.errors import ConfigError
from gantlet.training.objectives import OBJECTIVES

REAL = torch.tensor([2.0, -1.0], dtype=torch.float64)
FAKE = torch.tensor([0.5, 3.0], dtype=torch.float64)


def sigmoid(t: float) -> float:
    return 1 / (1 + math.exp(-t))


def minimax_d(r: float, f: float) -> float:
    return -math.log(sigmoid(r)) - math.log(1 - sigmoid(f))


EXPECTED = {
    "minimax": ([minimax_d(2, 0.5), minimax_d(-1, 3)], [math.log(1 - sigmoid(0.5)), math.log(1 - sigmoid(3))]),
    # ½(2 − 1)² + ½(.5)², ½(−1 − 1)² + ½·9; ½(.5 − 1)², ½(3 − 1)²
    "lsgan": ([0.625, 6.5], [0.125, 2.0]),
    # a = −1, b = 1, c = 0: ½·1 + ½·1.5², ½·4 + ½·16; ½·.25, ½·9
    "lsgan[a=-1,b=1,c=0]": ([1.625, 10.0], [0.125, 4.5]),
    "wgan": ([-1.5, 4.0], [-0.5, -3.0]),
    # max(0, −1) + 1.5, max(0, 2) + 4
    "hinge": ([1.5, 6.0], [-0.5, -3.0]),
}


@pytest.mark.parametrize("spec", EXPECTED)
def test_hand_computed(spec: str) -> None:
    objective = OBJECTIVES.build(spec)
    found: list[Tensor] = [objective.discriminator_loss(REAL, FAKE), objective.generator_loss(REAL, FAKE)]
    for values, expected in zip(found, EXPECTED[spec], strict=True):
        # float64, and 1 − σ(3) loses one digit: 1e-13
        torch.testing.assert_close(values, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-13)


def test_minimax_starves_the_generator_that_nonsaturating_feeds() -> None:
    """Where D wins, f = −20: the gradients are −σ(f) ≈ −2e-9 and −σ(−f) ≈ −1 (Goodfellow et al. 2014, end of §3)."""
    gradients = {}
    for name in ("minimax", "nonsaturating"):
        fake = torch.tensor([-20.0], dtype=torch.float64, requires_grad=True)
        loss = OBJECTIVES.build(name).generator_loss(torch.zeros(1, dtype=torch.float64), fake)
        (gradients[name],) = (float(g) for g in torch.autograd.grad(loss.sum(), fake))
    assert gradients["minimax"] == pytest.approx(-sigmoid(-20))
    assert gradients["nonsaturating"] == pytest.approx(-sigmoid(20))


def test_hinge_does_not_move_logits_beyond_the_margin() -> None:
    real = torch.tensor([1.5, 0.5], dtype=torch.float64, requires_grad=True)
    fake = torch.tensor([-1.5, -0.5], dtype=torch.float64, requires_grad=True)
    loss = OBJECTIVES.build("hinge").discriminator_loss(real, fake).sum()
    r, f = torch.autograd.grad(loss, [real, fake])
    assert r.tolist() == [0, -1]
    assert f.tolist() == [0, 1]


@pytest.mark.parametrize("spec", ["lsgan[a=1,b=1]", "lsgan[a=0,c=0]", "lsgan[b=nan]", "lsgan[c=inf]"])
def test_lsgan_refuses_targets_that_teach_nothing(spec: str) -> None:
    with pytest.raises(ConfigError, match="a ≠ b"):
        OBJECTIVES.build(spec)
