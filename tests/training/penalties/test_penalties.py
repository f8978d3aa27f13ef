"""r1, r2 and gradient-penalty against the analytic gradient of a quadratic critic, finite differences, and their
refusals.
"""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from gantlet.core.errors import ConfigError, GantletError
from gantlet.core.interfaces.penalties import Penalty
from gantlet.training.penalties import PENALTIES
from gantlet.training.penalties.gradient_penalty import GradientPenalty
from gantlet.training.penalties.gradients import input_gradient
from gantlet.training.penalties.r1 import R1
from gantlet.training.penalties.r2 import R2

SHAPE = (5, 2, 3, 3)


def draw(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


REAL, FAKE = draw(0, *SHAPE), draw(1, *SHAPE)
Q = draw(2, 18, 18)
LABELS = torch.tensor([0, 1, 2, 1, 0])


def quadratic(images: Tensor, labels: Tensor | None) -> Tensor:
    """½ xᵀQx: its gradient is ½(Q + Qᵀ)x."""
    flat = images.flatten(1)
    return ((flat @ Q) * flat).sum(1) / 2


def stream(seed: int = 7) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def analytic(images: Tensor) -> Tensor:
    return images.flatten(1) @ (Q + Q.T) / 2


@pytest.mark.parametrize(("penalty", "images"), [(R1(gamma=3.0), REAL), (R2(gamma=3.0), FAKE)])
def test_r1_and_r2_are_half_gamma_times_the_mean_squared_gradient(penalty: R1 | R2, images: Tensor) -> None:
    expected = 1.5 * (analytic(images) ** 2).sum(1).mean()
    # float64 sums of 18 terms: relative error ≈ 1e-15
    torch.testing.assert_close(penalty(quadratic, REAL, FAKE, None, stream()), expected, rtol=1e-12, atol=0)


def test_gradient_penalty_between_real_and_fake_with_one_alpha_a_sample() -> None:
    alpha = torch.rand(5, generator=stream(), dtype=torch.float64)
    assert len(set(alpha.tolist())) == 5
    between = alpha.view(-1, 1, 1, 1) * REAL + (1 - alpha.view(-1, 1, 1, 1)) * FAKE
    expected = 10 * ((analytic(between).norm(dim=1) - 1) ** 2).mean()
    torch.testing.assert_close(GradientPenalty()(quadratic, REAL, FAKE, None, stream()), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_gradient_penalty_is_two_sided(slope: float) -> None:
    def linear(images: Tensor, labels: Tensor | None) -> Tensor:
        return images.flatten(1).sum(1) * slope / math.sqrt(18)

    found = GradientPenalty(weight=4.0)(linear, REAL, FAKE, None, stream())
    torch.testing.assert_close(found, torch.tensor(4 * (slope - 1) ** 2, dtype=torch.float64), atol=1e-12, rtol=0)


@pytest.mark.parametrize("spec", ["r1[gamma=2]", "r2[gamma=2]", "gradient-penalty"])
def test_gradients_in_the_critics_parameters_are_finite_differences(spec: str) -> None:
    """The penalty must be differentiable once more: that is what create_graph is for."""
    weight = draw(3, 18, 4).requires_grad_(True)
    embedding = draw(4, 3, 4)

    def critic_of(matrix: Tensor):
        return lambda images, labels: (torch.tanh(images.flatten(1) @ matrix) * (1 + embedding[labels])).sum(1)

    def value(matrix: Tensor) -> Tensor:
        return PENALTIES.build(spec)(critic_of(matrix), REAL, FAKE, LABELS, stream())

    (gradient,) = torch.autograd.grad(value(weight), weight)
    for row, column in [(0, 0), (7, 2), (17, 3)]:
        step = torch.zeros_like(weight)
        step[row, column] = 1e-5
        plain = weight.detach()
        difference = (value(plain + step).item() - value(plain - step).item()) / 2e-5
        # central difference: h²·f‴/6 + ε·f/h ≈ 1e-9 for values of order 10
        assert float(gradient[row, column]) == pytest.approx(difference, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", [e.name for e in PENALTIES.entries() if isinstance(PENALTIES.build(e.name), Penalty)])
def test_leaves_no_gradient_behind_and_does_not_reach_the_generator(name: str) -> None:
    weight = draw(3, 18, 4).requires_grad_(True)
    fake = FAKE.clone().requires_grad_(True)
    made = fake * 2

    def critic(images: Tensor, labels: Tensor | None) -> Tensor:
        return torch.tanh(images.flatten(1) @ weight).sum(1)

    PENALTIES.build(name)(critic, REAL, made.detach(), None, stream())
    assert weight.grad is None
    assert fake.grad is None


def test_input_gradient_reuses_images_that_already_require_one() -> None:
    images = REAL.clone().requires_grad_(True)
    seen = []

    def critic(asked: Tensor, labels: Tensor | None) -> Tensor:
        seen.append(asked)
        return quadratic(asked, labels)

    torch.testing.assert_close(input_gradient(critic, images, None).flatten(1), analytic(REAL))
    assert seen[0] is images
    input_gradient(critic, REAL, None)
    assert seen[1] is not REAL


def test_gradients_stay_in_full_precision_under_autocast() -> None:
    layer = torch.nn.Linear(18, 1)

    def critic(images: Tensor, labels: Tensor | None) -> Tensor:
        return layer(images.flatten(1)).squeeze(1)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = R1(gamma=2.0)(critic, REAL.float(), FAKE.float(), None, stream())
    assert found.dtype == torch.float32
    # bfloat16 would be wrong by 2⁻⁸ ≈ 4e-3
    torch.testing.assert_close(found, (layer.weight.float() ** 2).sum(), rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    "spec", ["r1[gamma=-1]", "r2[gamma=-0.5]", "gradient-penalty[weight=-1]", "r1[gamma=nan]", "r2[gamma=inf]"]
)
def test_refuses_weights_out_of_range(spec: str) -> None:
    with pytest.raises(ConfigError, match="≥ 0"):
        PENALTIES.build(spec)


def test_an_unknown_option_names_the_known_one() -> None:
    with pytest.raises(GantletError, match="gamma"):
        PENALTIES.build("r1[gama=1]")
