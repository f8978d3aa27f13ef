"""pixel-loss: the formula, its gradient, and its options."""

import pytest
import torch

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import MayReplaceLoss
from gantlet.training.techniques.pixel_loss import PixelLoss


@pytest.mark.parametrize(("norm", "power"), [("l1", 1), ("l2", 2)])
def test_the_term_and_its_gradient_by_hand(norm: str, power: int) -> None:
    stream = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(2, 3, 4, 4, generator=stream, dtype=torch.float64) for _ in range(2))
    fake.requires_grad_(True)
    term = PixelLoss(weight=7.0, norm=norm).pair_term(real, fake)
    difference = (fake - real).detach()
    torch.testing.assert_close(term.detach(), 7 * (difference.abs() ** power).sum() / 96)
    term.backward()
    slope = difference.sign() if power == 1 else 2 * difference
    torch.testing.assert_close(fake.grad, 7 * slope / 96)


def test_options() -> None:
    assert PixelLoss().adversarial
    assert isinstance(PixelLoss(), MayReplaceLoss)
    for bad in ({"weight": 0.0}, {"weight": float("inf")}, {"norm": "l3"}):
        with pytest.raises(ConfigError):
            PixelLoss(**bad)
