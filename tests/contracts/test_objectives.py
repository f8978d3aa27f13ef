"""What every objective must do, whatever its formula."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gantlet.core.interfaces.objectives import Autoencodes
from gantlet.training.objectives import OBJECTIVES

NAMES = OBJECTIVES.names()


def logits(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = np.random.default_rng(seed).normal(scale=3, size=(2, 6))
    return torch.from_numpy(drawn[0]), torch.from_numpy(drawn[1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("player", ["discriminator_loss", "generator_loss"])
def test_gradient_is_the_finite_difference(name: str, player: str) -> None:
    loss = getattr(OBJECTIVES.build(name), player)
    real, fake = logits(0)
    for side in (0, 1):
        values = [real.clone(), fake.clone()]
        values[side].requires_grad_(True)
        total = loss(*values).sum()
        gradient = torch.autograd.grad(total, values[side], allow_unused=True)[0] if total.requires_grad else None
        measured = []
        for i in range(len(real)):
            # central difference, h = 1e-5: error ≤ h²·|f‴|/6 + 2⁻⁵²·|f|/h ≈ 1e-10
            step = torch.zeros(len(real), dtype=torch.float64)
            step[i] = 1e-5
            up, down = [real, fake], [real, fake]
            up[side], down[side] = up[side] + step, down[side] - step
            measured.append(float((loss(*up).sum() - loss(*down).sum()) / 2e-5))
        found = torch.zeros(len(real), dtype=torch.float64) if gradient is None else gradient
        np.testing.assert_allclose(found.numpy(), measured, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 1000))
def test_losses_are_one_a_sample_and_permute_with_the_pairs(name: str, seed: int) -> None:
    objective = OBJECTIVES.build(name)
    real, fake = logits(seed)
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(seed))
    for loss in (objective.discriminator_loss, objective.generator_loss):
        assert loss(real, fake).shape == real.shape
        # a mean over the batch is summed in another order: a few roundings of numbers of order 10
        slack = 1e-12 if objective.capabilities.whole_batch else 0
        torch.testing.assert_close(loss(real, fake)[order], loss(real[order], fake[order]), rtol=slack, atol=slack)


@pytest.mark.parametrize("name", [name for name in NAMES if not isinstance(OBJECTIVES.build(name), Autoencodes)])
def test_players_pull_in_opposite_directions(name: str) -> None:
    """The discriminator wants real logits up and fake ones down; the generator wants fake ones up (between lsgan's
    targets 0 and 1, where all agree).
    """
    objective = OBJECTIVES.build(name)
    real, fake = (torch.from_numpy(side) for side in np.random.default_rng(1).uniform(size=(2, 6)))
    real.requires_grad_(True)
    fake.requires_grad_(True)
    d_real, d_fake = torch.autograd.grad(objective.discriminator_loss(real, fake).sum(), [real, fake])
    (g_fake,) = torch.autograd.grad(objective.generator_loss(real, fake).sum(), [fake])
    assert (d_real <= 0).all()
    assert (d_fake >= 0).all()
    assert (g_fake <= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_generators_loss_looks_at_real_logits_only_when_it_says_so(name: str) -> None:
    objective = OBJECTIVES.build(name)
    real, fake = logits(2)
    moves = not torch.equal(objective.generator_loss(real, fake), objective.generator_loss(real + 1, fake))
    assert moves == objective.capabilities.relativistic
