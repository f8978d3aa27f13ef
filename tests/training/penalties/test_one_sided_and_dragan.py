"""gradient-penalty-one-sided and dragan against the analytic gradient of a quadratic critic; lazy intervals."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from gantlet.core.errors import ConfigError
from gantlet.training.penalties import PENALTIES
from gantlet.training.penalties.dragan import perturb

SHAPE = (5, 2, 3, 3)


def draw(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


REAL, FAKE, Q = draw(0, *SHAPE), draw(1, *SHAPE), draw(2, 18, 18) / 14


def quadratic(images: Tensor, labels: Tensor | None) -> Tensor:
    """½ xᵀQx: its gradient is ½(Q + Qᵀ)x."""
    flat = images.flatten(1)
    return ((flat @ Q) * flat).sum(1) / 2


def slope(images: Tensor) -> Tensor:
    return (images.flatten(1) @ (Q + Q.T) / 2).norm(dim=1)


def stream() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def test_one_sided_costs_only_steep_slopes() -> None:
    alpha = torch.rand(5, 1, 1, 1, generator=stream(), dtype=torch.float64)
    slopes = slope(alpha * REAL + (1 - alpha) * FAKE)
    assert (slopes < 1).any() and (slopes > 1).any()  # else the test says nothing
    expected = 10 * torch.tensor([max(0.0, s - 1) ** 2 for s in slopes.tolist()], dtype=torch.float64).mean()
    found = PENALTIES.build("gradient-penalty-one-sided")(quadratic, REAL, FAKE, None, stream())
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize(("steepness", "cost"), [(0.5, 0.0), (1.0, 0.0), (3.0, 16.0)])
def test_one_sided_on_a_linear_critic(steepness: float, cost: float) -> None:
    def linear(images: Tensor, labels: Tensor | None) -> Tensor:
        return images.flatten(1).sum(1) * steepness / math.sqrt(18)

    found = PENALTIES.build("gradient-penalty-one-sided[weight=4]")(linear, REAL, FAKE, None, stream())
    assert float(found) == pytest.approx(cost, abs=1e-12)


def test_dragan_penalises_around_real_images_only() -> None:
    source = stream()
    u = torch.rand(SHAPE, generator=source, dtype=torch.float64)
    alpha = torch.rand(5, 1, 1, 1, generator=source, dtype=torch.float64)
    deviation = float(np.std(REAL.numpy()))
    expected = 10 * ((slope(REAL + alpha * 0.5 * deviation * u) - 1) ** 2).mean()
    found = PENALTIES.build("dragan")(quadratic, REAL, FAKE, None, stream())
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    assert torch.equal(found, PENALTIES.build("dragan")(quadratic, REAL, FAKE * 9, None, stream()))


def test_dragans_weight_is_a_hundredth_for_points() -> None:
    points, stay = draw(3, 5, 18), draw(4, 5, 18)
    found, by_hand = (
        PENALTIES.build(spec)(quadratic, points, stay, None, stream()) for spec in ("dragan", "dragan[weight=0.1]")
    )
    assert torch.equal(found, by_hand)
    images = PENALTIES.build("dragan")(quadratic, REAL, FAKE, None, stream())
    assert torch.equal(images, PENALTIES.build("dragan[weight=10]")(quadratic, REAL, FAKE, None, stream()))
    assert float(PENALTIES.build("dragan[weight=0]")(quadratic, points, stay, None, stream())) == 0


def test_dragan_moves_each_pixel_by_less_than_half_a_deviation() -> None:
    moved = perturb(REAL, stream()) - REAL
    assert (moved >= 0).all()
    assert (moved < REAL.std(correction=0) / 2).all()
    assert len({round(m, 12) for m in moved.flatten().tolist()}) == moved.numel()


@pytest.mark.parametrize("name", ["r1", "r2", "gradient-penalty", "gradient-penalty-one-sided", "dragan"])
def test_refuses_an_interval_below_one_step(name: str) -> None:
    assert PENALTIES.build(f"{name}[every=16]").every == 16
    with pytest.raises(ConfigError, match="every ≥ 1"):
        PENALTIES.build(f"{name}[every=0]")


@pytest.mark.parametrize("spec", ["gradient-penalty-one-sided[weight=-1]", "dragan[weight=nan]", "dragan[weight=inf]"])
def test_refuses_weights_out_of_range(spec: str) -> None:
    with pytest.raises(ConfigError, match="≥ 0"):
        PENALTIES.build(spec)


@pytest.mark.parametrize("spec", ["gradient-penalty-one-sided", "dragan"])
def test_gradients_in_the_critics_parameters_are_finite_differences(spec: str) -> None:
    weight = draw(3, 18, 4).requires_grad_(True)

    def value(matrix: Tensor) -> Tensor:
        def critic(images: Tensor, labels: Tensor | None) -> Tensor:
            return torch.tanh(images.flatten(1) @ matrix).sum(1)

        return PENALTIES.build(spec)(critic, REAL, FAKE, None, stream())

    (gradient,) = torch.autograd.grad(value(weight), weight)
    for row, column in [(0, 0), (7, 2), (17, 3)]:
        step = torch.zeros_like(weight)
        step[row, column] = 1e-5
        plain = weight.detach()
        difference = (value(plain + step).item() - value(plain - step).item()) / 2e-5
        # central difference: h²·f‴/6 + ε·f/h ≈ 1e-9 for values of order 10
        assert float(gradient[row, column]) == pytest.approx(difference, rel=1e-6, abs=1e-6)
