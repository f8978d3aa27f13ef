"""The critics that the transport labs train: their losses against the parts they are made of."""

import pytest
import torch
from torch import nn

from gantlet.labs.critics import Kind
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.objectives.wgan_qc import potentials, squared_distances


def networks() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)), torch.randn(6, 2), torch.randn(6, 2) + 1


def test_a_plain_game_is_its_objective() -> None:
    network, real, fake = networks()
    game, objective = Kind("nonsaturating").game(network, torch.Generator()), OBJECTIVES.build("nonsaturating")
    r, f = network(real)[:, 0], network(fake)[:, 0]
    torch.testing.assert_close(game.critic_loss(real, fake), objective.discriminator_loss(r, f).mean())
    torch.testing.assert_close(game.generator_loss(fake), objective.generator_loss(r, f).mean())


def test_a_penalty_joins_and_a_rule_holds_after_the_step() -> None:
    network, real, fake = networks()
    plain, linear = Kind("wgan").game(network, torch.Generator()), nn.Sequential(nn.Linear(2, 1))
    torch.testing.assert_close(plain.critic_loss(real, fake), (network(fake) - network(real)).mean())
    with torch.no_grad():
        linear[0].weight.copy_(torch.tensor([[3.0, 4.0]]))
    penalised = Kind("wgan", penalty="gradient-penalty[weight=2]").game(linear, torch.Generator())
    # The slope is 5 everywhere: 2·(5 − 1)².
    expected = (linear(fake) - linear(real)).mean() + 32
    torch.testing.assert_close(penalised.critic_loss(real, fake), expected)
    clipped = Kind("wgan", after="weight-clipping[clip=0.1]").game(linear, torch.Generator())
    clipped.stepped()
    assert linear[0].weight.abs().max().item() == pytest.approx(0.1)


def test_the_quadratic_critic_is_taught_the_batchs_potentials() -> None:
    network, real, fake = networks()
    game = Kind("wgan-qc[cost=1,gamma=0]").game(network, torch.Generator())
    _, u, v = (
        torch.from_numpy(a).float()
        for a in potentials(squared_distances(*(x.double().numpy() for x in (real, fake))) / 2)
    )
    r, f = network(real)[:, 0], network(fake)[:, 0]
    torch.testing.assert_close(game.critic_loss(real, fake), ((r.mean() - u.mean()) ** 2 + ((f - v) ** 2).mean()) / 2)
