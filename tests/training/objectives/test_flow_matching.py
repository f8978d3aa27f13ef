"""Flow matching: sampler and straightness against closed forms, the loss by hand, couplings, and classes (torchcfm's issue 117)."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import images
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import Batch
from gantlet.core.interfaces.networks import ImageShape, PointShape
from gantlet.training.data import TrainingPoints
from gantlet.training.loop import run
from gantlet.training.networks import NETWORKS
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.objectives.flow_matching import matched
from gantlet.training.observer import Silent
from gantlet.training.runs.generator import load_generator
from gantlet.transport import Coupling
from gantlet.transport.flows import integrate, straightness

ANGLE = 1.0


def turning(x: Tensor, time: Tensor) -> Tensor:
    """The field of a rotation by ANGLE in unit time."""
    return ANGLE * torch.stack([-x[:, 1], x[:, 0]], dim=1)


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("midpoint", 2)])
def test_the_samplers_order(method: str, order: int) -> None:
    start = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    truth = torch.tensor([[math.cos(ANGLE), math.sin(ANGLE)]], dtype=torch.float64)
    errors = [float((integrate(turning, start, steps, method) - truth).norm()) for steps in (32, 64, 128)]
    slopes = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    np.testing.assert_allclose(slopes, order, atol=0.1)


def test_straightness_is_0_on_lines_and_known_on_circles() -> None:
    """On a circle |v|² = ω², and the chord's square is 2(1 − cos ω): S = ω²/(2(1 − cos ω)) − 1."""
    start = torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert straightness(lambda x, t: torch.ones_like(x), start) == pytest.approx(0, abs=1e-24)
    assert straightness(turning, start) == pytest.approx(ANGLE**2 / (2 * (1 - math.cos(ANGLE))) - 1, rel=1e-3)
    # even paths of uneven speed are not straight: x + t²·c has speed 2t, S = ∫ (1 − 2t)² dt = 1/3
    uneven = straightness(lambda x, t: 2 * t[:, None] * torch.ones_like(x), start)
    assert uneven == pytest.approx(1 / 3, rel=1e-3)


class Given(nn.Module):
    """A velocity field of the points and times that it is asked for."""

    def forward(self, x: Tensor, labels: Tensor | None, time: Tensor) -> Tensor:
        return 3 * x + time[:, None]


def test_the_loss_by_hand() -> None:
    z, real = torch.tensor([[1.0, 2.0]]), torch.tensor([[5.0, -2.0]])
    time = float(torch.rand(1, generator=torch.Generator().manual_seed(4)))
    found = OBJECTIVES.build("flow-matching").common_terms(
        Given(), Given(), Batch(real, None, z), torch.Generator().manual_seed(4)
    )["velocity"]
    at = [1 + 4 * time, 2 - 4 * time]
    by_hand = ((3 * at[0] + time - 4) ** 2 + (3 * at[1] + time + 4) ** 2) / 2
    assert float(found) == pytest.approx(by_hand, rel=1e-5)


def two_classes(n: int = 40) -> tuple[Tensor, Tensor]:
    """Quantiles of N(0, 1) and of N(0, 3²): classes that overlap."""
    levels = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    normal = torch.special.ndtri(levels)
    return torch.cat([normal, 3 * normal])[:, None].float(), torch.arange(2).repeat_interleave(n)


def test_a_coupling_across_classes_biases_each_class_and_one_by_class_does_not() -> None:
    """torchcfm's issue 117. In one dimension the flow of a monotone coupling carries z by the coupling's own map, so that
    sampling a class from N(0, 1) gives that map of fresh noise.
    """
    data, labels = two_classes()
    noise = torch.randn(4000, 1, generator=torch.Generator().manual_seed(0))
    asked = torch.arange(4000) % 2
    fresh = np.random.default_rng(1).standard_normal(4000)

    def sampled(rows: Tensor, own: Tensor) -> list[float]:
        """The spread of each class's samples where the flow learns these pairs."""
        spreads = []
        for label in (0, 1):
            z = noise[own == label, 0].numpy()
            order = np.argsort(z)
            spreads.append(float(np.interp(fresh, z[order], data[rows[own == label], 0].numpy()[order]).std()))
        return spreads

    across = Coupling.fit(data).pair(noise)
    wrong = sampled(across, labels[across])
    assert wrong[0] > 1.3  # the spread of class 0 is 1
    assert float(noise[labels[across] == 0].std()) < 0.9  # the noise of class 0 is not N(0, 1)

    part = OBJECTIVES.build("flow-matching[coupling=semi-discrete]")
    memory = part.reserved(len(data))
    assert part.fit(memory, data, labels)["converged"]
    pair = part.pairing(memory, data, labels)
    assert pair is not None
    rows = pair(noise, torch.zeros(4000, dtype=torch.int64), asked)
    assert (labels[rows] == asked).all()
    np.testing.assert_allclose(sampled(rows, asked), [1, 3], rtol=0.1)


def test_mini_batches_are_paired_within_each_class_and_lose_no_row() -> None:
    data, labels = two_classes(20)
    z = torch.randn(40, 1, generator=torch.Generator().manual_seed(2))
    order = matched(z, data, labels)
    assert sorted(order.tolist()) == list(range(40)) and (labels[order] == labels).all()
    whole = matched(z, data, None)
    assert sorted(whole.tolist()) == list(range(40))
    assert (data[whole][torch.argsort(z[:, 0]), 0].diff() >= 0).all()
    for label in (0, 1):  # monotone, as transport on the line is
        own = labels == label
        assert (torch.argsort(z[own, 0]) == torch.argsort(data[order][own, 0])).all()


def test_potentials_build_the_coupling_again() -> None:
    data, labels = two_classes(30)
    doubled = torch.cat([data, data[:5]])
    own = torch.cat([labels, labels[:5]])
    first = Coupling.fit(doubled, own)
    again = Coupling.of_potentials(doubled, first.potentials(), own)
    z = torch.randn(200, 1, generator=torch.Generator().manual_seed(3))
    asked = torch.arange(200) % 2
    assert torch.equal(first.pair(z, asked), again.pair(z, asked))
    assert again.chi2 == math.inf  # no certificate came with it


def test_it_trains_conditionally_and_samples_by_any_number_of_steps(tmp_path: Path) -> None:
    """Two classes of points, at −2 and 2: each is sampled where it is, by one step and by eight."""
    rng = np.random.default_rng(0)
    labels = np.arange(200, dtype=np.int64) % 2
    points = (4.0 * labels[:, None] - 2 + 0.2 * rng.standard_normal((200, 1))).astype(np.float32)
    config = TrainConfig(
        out=str(tmp_path / "run"), steps=150, batch=64, network="flow[width=32,depth=1]", latent=0, lr_generator=5e-3,
        lr_discriminator=5e-3, conditioning="concat", objective="flow-matching[coupling=mini-batch]",
        sample_every=0, device="cpu", evaluate=False, data="unused",
    )  # fmt: skip
    run(config, TrainingPoints(points, labels, ("left", "right"), "d", "two"), observer=Silent())
    loaded = load_generator(tmp_path / "run")
    assert loaded.latent == 1
    for steps in (1, 8):
        loaded.generator.steps = steps  # type: ignore[assignment]
        drawn = loaded.sample(200, labels=labels)
        assert np.abs(drawn - points.mean() - (4.0 * labels[:, None] - 2)).mean() < 0.6


@pytest.mark.parametrize("shape", [ImageShape(8, 3), ImageShape(16, 1), PointShape(5)])
def test_the_networks_shapes_and_labels(shape: Any) -> None:
    values = 5 if isinstance(shape, PointShape) else shape.channels * shape.size**2
    torch.manual_seed(0)
    generator = NETWORKS.build("flow[width=8,steps=2]").generator(shape, values, "concat", 3)
    z, labels = torch.randn(3, values), torch.arange(3)
    assert generator(z, labels).shape == (3, *generator.shape)
    assert generator(z, labels, torch.tensor([0.0, 0.5, 1.0])).shape == (3, *generator.shape)
    same = z[:1].expand(3, -1)
    assert (generator(same, labels)[0] - generator(same, labels)[1]).abs().max() > 1e-6
    generator(z, labels).sum().backward()
    assert [name for name, p in generator.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"objective": "nonsaturating"}, "use flow-matching"),
        ({"network": "dcgan[width=4]"}, "use --network flow"),
        ({"penalties": ("r1",)}, "leave them out"),
        ({"mirror": True, "objective": "flow-matching[coupling=mini-batch]"}, "use one of the two"),
        ({"latent": 7}, r"expected latent = 64 \(or 0"),
        ({"objective": "flow-matching[coupling=best]"}, "expected coupling none, mini-batch, semi-discrete"),
        ({"network": "flow[method=heun]"}, "method euler or midpoint"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], why: str, tmp_path: Path) -> None:
    values = {"objective": "flow-matching", "network": "flow[width=8]", "latent": 0, "batch": 8, "out": str(tmp_path)}
    with pytest.raises(ConfigError, match=why):
        run(TrainConfig(**{**values, **given}), images(), observer=Silent())
