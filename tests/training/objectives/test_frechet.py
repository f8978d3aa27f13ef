"""The Fréchet distance as a loss: value and gradient against autograd through eigh, its poles, and a generator that follows it."""

import numpy as np
import pytest
import torch
from torch import nn

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.step import TermContext
from gantlet.core.numerics import frechet_loss as module
from gantlet.core.numerics.frechet_loss import Normal, factor, frechet_loss, poles
from gantlet.training.objectives import OBJECTIVES


def moments(rows: torch.Tensor) -> Normal:
    mean = rows.mean(0)
    return Normal(mean, (rows - mean).T @ (rows - mean) / len(rows))


def by_eigh(fake: Normal, real: Normal) -> torch.Tensor:
    """The distance with every root from eigh, differentiable."""
    values, vectors = torch.linalg.eigh(real.cov)
    root = vectors @ torch.diag(values.sqrt()) @ vectors.T
    inner = torch.linalg.eigh(root @ fake.cov @ root)[0]
    shift = fake.mean - real.mean
    return shift @ shift + torch.trace(fake.cov) + torch.trace(real.cov) - 2 * inner.clamp_min(0).sqrt().sum()


@pytest.mark.parametrize("largest_by_eigenvalues", [256, 0])
@pytest.mark.parametrize("share", [1.0, 0.2])
def test_value_and_gradient_are_autograds_through_eigh(
    share: float, largest_by_eigenvalues: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL", largest_by_eigenvalues)
    chance = torch.Generator().manual_seed(0)
    d, b = 12, 30
    scale = torch.linspace(0.3, 2, d, dtype=torch.float64)
    old, batch, reference = (torch.randn(n, d, generator=chance, dtype=torch.float64) * scale for n in (50, b, 200))
    old, reference = old + 0.3, reference * 1.2
    real = moments(reference)
    before, x = moments(old), batch.clone().requires_grad_(True)

    def population(rows: torch.Tensor) -> Normal:
        mean = (1 - share) * before.mean + share * rows.mean(0)
        square = (1 - share) * (before.cov + torch.outer(before.mean, before.mean)) + share * rows.T @ rows / b
        return Normal(mean, square - torch.outer(mean, mean))

    expected = by_eigh(population(x), real)
    (gradient,) = torch.autograd.grad(expected, x)
    y = batch.clone().requires_grad_(True)
    found = frechet_loss(y, population(batch), real, factor(real.cov), share)
    (ours,) = torch.autograd.grad(found, y)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    # the floor of 1e-10 moves a gradient of size 1 by about 1e-7
    torch.testing.assert_close(ours, gradient, atol=1e-6 * float(gradient.abs().max()), rtol=0)


@pytest.mark.parametrize("ratio", [1e-1, 1e-4, 1e-9])
def test_poles_give_the_inverse_root_over_the_whole_range(ratio: float) -> None:
    shifts, weights = poles(ratio, 1.0)
    x = np.geomspace(ratio, 1, 500)
    found = (weights / (x[:, None] + shifts)).sum(1)
    np.testing.assert_allclose(found * x**0.5, 1, atol=4e-9)


def test_the_two_routes_agree_at_three_hundred_dimensions(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = torch.Generator().manual_seed(1)
    spread = torch.linspace(1, 0.05, 300, dtype=torch.float64)
    rows = torch.randn(900, 300, generator=chance, dtype=torch.float64) * spread
    other = torch.randn(900, 300, generator=chance, dtype=torch.float64) * spread.flip(0)
    real, fake, found = moments(rows), moments(other), []
    for small in (256, 512):
        monkeypatch.setattr(module, "SMALL", small)
        x = other[:40].clone().requires_grad_(True)
        loss = frechet_loss(x, fake, real, factor(real.cov), 0.1)
        found.append((loss.item(), torch.autograd.grad(loss, x)[0]))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6)
    torch.testing.assert_close(found[0][1], found[1][1], atol=1e-6 * float(found[1][1].abs().max()), rtol=0)


def context(real: torch.Tensor, fake: torch.Tensor) -> TermContext:
    return TermContext(None, real, fake, lambda images, labels: None, torch.Generator())  # type: ignore[arg-type,return-value]


def distance(
    objective: object, memory: dict[str, torch.Tensor], real: torch.Tensor, fake: torch.Tensor
) -> torch.Tensor:
    nothing = DiscriminatorOutput(torch.zeros(len(fake)), torch.zeros(len(fake), 1))
    return objective.at(memory).generator_term(nothing, nothing, context(real, fake))  # type: ignore[attr-defined]


def test_the_population_is_the_moving_average_of_what_was_seen() -> None:
    objective = OBJECTIVES.build("frechet[size=8,level=1,population=40,reference=30]")
    memory = objective.memory(nn.Identity(), nn.Identity())
    chance = torch.Generator().manual_seed(2)
    batches = [torch.rand(10, 1, 8, 8, generator=chance) * 2 - 1 for _ in range(6)]
    for batch in batches:
        distance(objective, memory, batch, batch.flip(0))
    rows = [(batch.flatten(1).double() + 1) / 2 for batch in batches]
    weights = torch.tensor([0.75 ** (5 - i) for i in range(6)], dtype=torch.float64)
    means = torch.stack([row.mean(0) for row in rows])
    torch.testing.assert_close(memory["fake_mean"], weights @ means / weights.sum(), atol=1e-7, rtol=0)
    seen = torch.cat(rows[:3])  # 30 images are the reference
    assert float(memory["real_n"]) == 30
    cov = torch.cov(seen.T, correction=0)
    torch.testing.assert_close(
        memory["real_square"] - torch.outer(memory["real_mean"], memory["real_mean"]), cov, atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("space", ["pixels", "wavelet", "random-conv"])
def test_descent_reaches_the_real_images_distance_in_each_space(space: str) -> None:
    objective = OBJECTIVES.build(f"frechet[space={space},size=8,level=1,dim=12,population=200,reference=400]")
    memory = objective.memory(nn.Identity(), nn.Identity())
    chance = torch.Generator().manual_seed(3)
    mixing = torch.randn(6, 64, generator=chance)

    def reals() -> torch.Tensor:
        return torch.tanh(torch.randn(200, 6, generator=chance) @ mixing * 0.3).view(200, 1, 8, 8)

    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.Tanh())
    optimizer = torch.optim.Adam(generator.parameters(), lr=1e-2)
    losses = []
    for _ in range(100):
        loss = distance(objective, memory, reals(), generator(torch.randn(200, 8, generator=chance)).view(200, 1, 8, 8))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
    assert min(losses) > 0


def test_what_it_refuses() -> None:
    for options in ("space=inception", "size=20", "channels=2", "level=4", "population=1", "space=random-conv,dim=1"):
        with pytest.raises(ConfigError, match="objective 'frechet'"):
            OBJECTIVES.build(f"frechet[{options}]")
    objective = OBJECTIVES.build("frechet[size=8,level=1]")
    memory = objective.memory(nn.Identity(), nn.Identity())
    with pytest.raises(ShapeError, match=r"write frechet\[size=16,channels=3\]"):
        distance(objective, memory, torch.zeros(4, 3, 16, 16), torch.zeros(4, 3, 16, 16))
