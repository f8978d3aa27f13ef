"""EMA against the closed form of the recursion; buffers are copied."""

import copy
import math

import pytest
import torch
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.training.techniques.ema import Ema, decay


def test_weights_follow_the_closed_form_and_buffers_are_copied() -> None:
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3)).double()
    average = copy.deepcopy(generator)
    start = generator[0].weight.detach().clone()
    ema = Ema(half_life=64.0, rampup=0.0)
    with torch.no_grad():
        generator[0].weight.fill_(1.0)
        generator[1].running_mean.fill_(5.0)
        generator[1].num_batches_tracked.fill_(9)
    for step in range(1, 4):
        ema.update(average, generator, images_seen=64 * step, images=64)
    # three half-lives towards 1: the start keeps the weight 1/8
    torch.testing.assert_close(average[0].weight, 1 + (start - 1) / 8, rtol=0, atol=1e-14)
    assert torch.equal(average[1].running_mean, generator[1].running_mean)
    assert int(average[1].num_batches_tracked) == 9
    assert average[0].weight.grad is None


def test_decay_is_in_images_and_ramps_up() -> None:
    assert decay(100.0, 0.0, 10**6, 100) == pytest.approx(0.5)
    assert decay(100.0, 0.0, 10**6, 50) == pytest.approx(0.5**0.5)
    assert decay(100.0, 0.05, 1000, 50) == pytest.approx(0.5)  # the half-life is 5 % of 1,000 images
    assert decay(100.0, 0.05, 10**6, 50) == pytest.approx(0.5**0.5)


def test_the_half_life_may_rise_by_half_a_cosine() -> None:
    """Over 400 images to 100: h = 50·(1 − cos(π·t/400)), 50 after 200; θ̄ ← β·θ̄ + (1 − β)·θ with β = 2^(−b/h)."""
    generator, average = nn.Linear(1, 1, bias=False).double(), nn.Linear(1, 1, bias=False).double()
    ema, expected = Ema(half_life=100.0, over=400.0), 0.0
    with torch.no_grad():
        generator.weight.fill_(1.0)
        average.weight.fill_(0.0)
    for seen in (100, 200, 300, 400, 500):
        ema.update(average, generator, images_seen=seen, images=100)
        beta = 0.5 ** (100 / (50 * (1 - math.cos(math.pi * min(seen, 400) / 400))))
        expected = beta * expected + 1 - beta
        assert float(average.weight) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "options", [{"half_life": 0.0}, {"half_life": -1.0}, {"half_life": float("nan")}, {"rampup": -0.1}, {"over": -1.0}]
)
def test_refuses_values_out_of_range(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="ema"):
        Ema(**options)
