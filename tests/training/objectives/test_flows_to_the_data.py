"""adversarial-flow and wasserstein-flow: gradients and schedules by hand, maps against assignment, and short trainings."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from tiny import images, term_context
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import Batch, DiscriminatorOutput
from gantlet.training.data import TrainingPoints
from gantlet.training.loop import run
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.objectives.wasserstein_flow import velocity
from gantlet.training.observer import Silent
from gantlet.training.runs.generator import load_generator


def outputs(points: Tensor, slope: Tensor) -> DiscriminatorOutput:
    return DiscriminatorOutput(points @ slope, points)


def adversarial_gradient(part: Any, fake: Tensor, real: Tensor, slope: Tensor, **given: Any) -> Tensor:
    """The gradient of the generator's term by the fakes, for a linear discriminator."""
    step = term_context(fake=fake, real=fake.detach(), **given)
    term = part.generator_term(outputs(real, slope), outputs(fake, slope), step)
    return torch.autograd.grad(term, fake)[0]


def test_the_adversarial_gradient_has_unit_scale_whatever_the_discriminators() -> None:
    """Per sample of mean square 1/n after the first batch; times 1,000 in the logits changes nothing but the sigmoid."""
    generator = torch.Generator().manual_seed(0)
    real, z = torch.randn(16, 3, generator=generator), torch.zeros(16, 3)
    slope = torch.tensor([1.0, -2.0, 0.5])
    part = OBJECTIVES.build("adversarial-flow[transport=0,transport_to=0]")
    found = []
    for size in (1e-3, 1e-2):
        fake = torch.randn(16, 3, generator=torch.Generator().manual_seed(1)).requires_grad_(True)
        held = part.at(part.memory(nn.Identity(), nn.Identity()))
        gradient = 16 * adversarial_gradient(held, fake, real, size * slope, z=z)
        assert float(gradient.square().sum(1).mean()) == pytest.approx(1 / 3, rel=1e-5)
        by_hand = -torch.sigmoid((real - fake) @ (size * slope))[:, None] * slope
        by_hand = by_hand / by_hand.square().sum(1).mean().sqrt() / math.sqrt(3)
        torch.testing.assert_close(gradient, by_hand.detach(), rtol=1e-5, atol=1e-6)
        found.append(gradient)
    assert (found[0] - found[1]).abs().max() < 0.02


def test_the_scale_is_a_running_mean_with_its_start_corrected() -> None:
    part = OBJECTIVES.build("adversarial-flow[beta2=0.9]")
    memory = part.memory(nn.Identity(), nn.Identity())
    held = part.at(memory)
    rows = [torch.full((4, 2), size) for size in (1.0, 3.0)]
    assert held._scale(rows[0]) == pytest.approx(1 / math.sqrt(2 * 2))
    mean = (0.9 * 0.1 * 2 + 0.1 * 18) / (1 - 0.9**2)
    assert held._scale(rows[1]) == pytest.approx(1 / math.sqrt(2 * mean))
    assert float(memory["count"]) == 2


@pytest.mark.parametrize(("done", "weight"), [(0.0, 0.2), (0.5, 0.105), (1.0, 0.01)])
def test_the_transport_term_and_its_schedule(done: float, weight: float) -> None:
    """With equal logits whatever the fakes are, only 2λ(G(z) − z)/n is left."""
    fake, z = torch.tensor([[3.0, 1.0]], requires_grad=True), torch.tensor([[1.0, 1.5]])
    held = OBJECTIVES.build("adversarial-flow").at(
        {k: torch.zeros((), dtype=torch.float64) for k in ("square", "count")}
    )
    gradient = adversarial_gradient(held, fake, torch.zeros(1, 2), torch.zeros(2), z=z, done=done)
    torch.testing.assert_close(gradient, weight * (fake - z).detach(), rtol=1e-5, atol=1e-7)


def test_the_centring_term_by_hand() -> None:
    real, fake = (DiscriminatorOutput(torch.tensor(side), torch.zeros(2, 1)) for side in ([1.0, 2.0], [3.0, -2.0]))
    term = OBJECTIVES.build("adversarial-flow[centre=0.5]").discriminator_term(real, fake, term_context())
    assert float(term) == pytest.approx(0.5 * (16 + 0) / 2)


def test_the_flows_direction_is_the_assignments_where_epsilon_is_small() -> None:
    rng = np.random.default_rng(0)
    x, real, second = (torch.from_numpy(rng.standard_normal((12, 2)) + shift) for shift in (0, 2, 0))
    expected = np.zeros((12, 2))
    for target, sign in ((real, 1), (second, -1)):
        cost = np.square(x.numpy()[:, None] - target.numpy()).sum(-1)
        expected += sign * target.numpy()[linear_sum_assignment(cost)[1]]
    assert np.abs(velocity(x, real, second, 0.0005, 20000).numpy() - expected).mean() < 0.05


def test_the_flow_stands_still_where_samples_have_the_datas_distribution() -> None:
    """Its mean over the batch is 0 but for sampling, and lowers to the data where they are apart."""
    rng = np.random.default_rng(1)
    at, away = [], []
    for _ in range(30):
        x, real, second = (torch.from_numpy(rng.standard_normal((64, 2))) for _ in range(3))
        at.append(velocity(x, real, second, 0.05, 200).mean(0).numpy())
        away.append(velocity(x, real + 3, second, 0.05, 200).mean(0).numpy())
    error = np.std(at, axis=0) / math.sqrt(30)
    assert (np.abs(np.mean(at, axis=0)) < 4 * error).all()
    np.testing.assert_allclose(np.mean(away, axis=0), 3, atol=0.3)


def test_its_loss_is_the_square_of_the_step() -> None:
    class Same(nn.Module):
        def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
            return z

    z, real = torch.randn(32, 2, generator=torch.Generator().manual_seed(0)), torch.full((32, 2), 5.0)
    part = OBJECTIVES.build("wasserstein-flow[step=0.5]")
    second = torch.randn(32, 2, generator=torch.Generator().manual_seed(9))
    terms = part.common_terms(Same(), nn.Identity(), Batch(real, None, z), torch.Generator().manual_seed(9))
    assert float(terms["flow"]) == pytest.approx(
        0.25 * float(velocity(z, real, second, 0.05, 200).square().mean()), rel=1e-5
    )


@pytest.mark.parametrize("objective", ["adversarial-flow", "wasserstein-flow"])
def test_a_short_training_moves_noise_to_the_data(objective: str, tmp_path: Path) -> None:
    points = (np.random.default_rng(0).standard_normal((400, 2)) * 0.5 + [3, -1]).astype(np.float32)
    penalties = ("r1[gamma=0.1]", "r2[gamma=0.1]") if objective == "adversarial-flow" else ()
    config = TrainConfig(
        out=str(tmp_path / "run"), steps=100, batch=64, network="mlp[width=32,depth=2]", latent=0, lr_generator=5e-3,
        lr_discriminator=5e-3, beta1=0.0, beta2=0.9, objective=objective, penalties=penalties, sample_every=0,
        device="cpu", evaluate=False, data="unused",
    )  # fmt: skip
    run(config, TrainingPoints(points, None, (), "d", "one"), observer=Silent())
    drawn = load_generator(tmp_path / "run").sample(400)
    np.testing.assert_allclose(drawn.mean(0), [3, -1], atol=0.5)
    assert 0.15 < drawn.std() / points.std() < 1.6


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"objective": "adversarial-flow[beta2=1]"}, r"beta2 in \(0, 1\)"),
        ({"objective": "adversarial-flow", "latent": 5}, r"expected latent = 64 \(or 0"),
        ({"objective": "adversarial-flow", "techniques": ("top-k",)}, "leave top-k out"),
        ({"objective": "wasserstein-flow[step=0]"}, "step, epsilon > 0"),
        ({"objective": "wasserstein-flow", "conditioning": "concat"}, "does not read labels"),
        ({"objective": "wasserstein-flow", "penalties": ("r1",)}, "leave them out"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], why: str, tmp_path: Path) -> None:
    values = {"network": "mlp[width=8,depth=1]", "latent": 0, "batch": 8, "out": str(tmp_path), "evaluate": False}
    with pytest.raises(ConfigError, match=why):
        run(TrainConfig(**{**values, **given}), images(), observer=Silent())
