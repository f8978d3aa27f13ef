"""unrolled against torch's own Adam on a copy (values), finite differences through all inner steps (gradients), the
one-step formula of Metz et al. 2017, Eq. 11, and finite differences of the generator's whole loss in the game.
"""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import Batch
from gantlet.core.interfaces.networks import PointShape
from gantlet.training.game import Game
from gantlet.training.state import TrainState
from gantlet.training.techniques import TECHNIQUES


def discriminator() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()


def fakes() -> Tensor:
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


REAL = torch.randn(5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def d_loss(real: Tensor, fake: Tensor) -> Tensor:
    return (nn.functional.softplus(-real) + nn.functional.softplus(fake)).mean()


def trained() -> tuple[nn.Module, torch.optim.Adam]:
    """A discriminator whose Adam has moments already."""
    network = discriminator()
    optimizer = torch.optim.Adam(network.parameters(), 0.05, (0.5, 0.9))
    for _ in range(3):
        optimizer.zero_grad()
        d_loss(network(REAL), network(fakes() * 0.5)).backward()
        optimizer.step()
    return network, optimizer


def ahead(network: nn.Module, optimizer: torch.optim.Adam, fake: Tensor, steps: int) -> dict[str, Tensor]:
    def loss(parameters: dict[str, Tensor]) -> Tensor:
        return d_loss(functional_call(network, parameters, (REAL,)), functional_call(network, parameters, (fake,)))

    return TECHNIQUES.build(f"unrolled[steps={steps}]").future(network, loss, optimizer)


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("steps", [1, 5])
def test_values_are_those_of_adam_on_a_copy(warm: bool, steps: int) -> None:
    network, optimizer = trained()
    if not warm:
        optimizer = torch.optim.Adam(network.parameters(), 0.05, (0.5, 0.9))
    before = copy.deepcopy(network.state_dict())
    found = ahead(network, optimizer, fakes(), steps)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())  # D itself stays
    other = copy.deepcopy(network)
    follower = torch.optim.Adam(other.parameters(), 0.05, (0.5, 0.9))
    follower.load_state_dict(optimizer.state_dict())
    for _ in range(steps):
        follower.zero_grad()
        d_loss(other(REAL), other(fakes())).backward()
        follower.step()
    for name, parameter in other.named_parameters():
        torch.testing.assert_close(found[name], parameter, rtol=0, atol=1e-12)


def test_the_gradient_flows_through_every_inner_step() -> None:
    network, optimizer = trained()

    def generators_loss(fake: Tensor) -> Tensor:
        return nn.functional.softplus(-functional_call(network, ahead(network, optimizer, fake, 3), (fake,))).mean()

    fake = fakes().requires_grad_(True)
    (gradient,) = torch.autograd.grad(generators_loss(fake), fake)
    for row, column in [(0, 0), (3, 1), (4, 2)]:
        step = torch.zeros_like(fake)
        step[row, column] = 1e-5
        plain = fake.detach()
        difference = (generators_loss(plain + step) - generators_loss(plain - step)).item() / 2e-5
        # central difference of a smooth function of order 1: h²·f‴/6 + ε/h ≈ 1e-10
        assert float(gradient[row, column]) == pytest.approx(difference, abs=1e-7)
    parameters = {name: p.detach() for name, p in ahead(network, optimizer, plain, 3).items()}
    constant = nn.functional.softplus(-functional_call(network, parameters, (fake,))).mean()
    (first_term,) = torch.autograd.grad(constant, fake)
    assert (gradient - first_term).abs().max() > 1e-5  # the second term of Eq. 11 is there


def test_weights_without_any_gradient_give_no_nan() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1)).double()
    with torch.no_grad():
        network[0].bias.fill_(-100)  # both units are dead: their gradients are exactly 0
    optimizer = torch.optim.Adam(network.parameters(), 0.05)
    fake = fakes().requires_grad_(True)
    total = torch.stack([p.sum() for p in ahead(network, optimizer, fake, 2).values()]).sum()
    (gradient,) = torch.autograd.grad(total, fake, allow_unused=True)
    assert gradient is None or torch.isfinite(gradient).all()


def softplus_game(r: Tensor, f: Tensor) -> Tensor:
    return (nn.functional.softplus(-r) + nn.functional.softplus(f)).mean()


def wasserstein_game(r: Tensor, f: Tensor) -> Tensor:
    return (f - r).mean()


@pytest.mark.parametrize(("objective", "d_loss"), [("minimax", softplus_game), ("wgan", wasserstein_game)])
def test_the_generator_minimises_the_whole_value_at_the_discriminator_ahead(objective: str, d_loss: Any) -> None:
    """Metz et al. 2017, Eq. 10: f(θ_G, θ_D^K(θ_G)), written out with torch's Adam on a copy and differenced by θ_G."""
    settings = TrainConfig(objective=objective, techniques=("unrolled[steps=3]",), network="mlp[width=6,depth=1]", latent=2,
                           lr_discriminator=0.05)  # fmt: skip
    game = Game.of(settings)
    state = TrainState.fresh(settings, game, PointShape(2), 0)
    G, D = state.generator.double(), state.discriminator.double()
    stream = torch.Generator().manual_seed(3)
    real, z = (torch.randn(5, 2, generator=stream, dtype=torch.float64) for _ in range(2))

    def value() -> float:
        fake, ahead = G(z, None).detach(), copy.deepcopy(D)
        adam = torch.optim.Adam(ahead.parameters(), 0.05, (settings.beta1, settings.beta2))
        for _ in range(3):
            adam.zero_grad()
            d_loss(ahead(real, None).logits, ahead(fake, None).logits).backward()
            adam.step()
        return -float(d_loss(ahead(real, None).logits, ahead(fake, None).logits).detach())

    D.requires_grad_(False)  # as in the loop
    output = game.generator_step(G, D, Batch(real, None, z), state.context(0))
    D.requires_grad_(True)
    assert output.terms["g_loss"].item() == pytest.approx(value(), abs=1e-12)
    weight = G.layers[-1].weight
    (gradient,) = torch.autograd.grad(output.loss, weight)
    for row, column in [(0, 0), (1, 3), (0, 5)]:
        sides = []
        for h in (1e-5, -1e-5):
            with torch.no_grad():
                weight[row, column] += h
            sides.append(value())
            with torch.no_grad():
                weight[row, column] -= h
        # central difference of a function of order 1: about 1e-10, and 1e-16/1e-5 of rounding
        assert float(gradient[row, column]) == pytest.approx((sides[0] - sides[1]) / 2e-5, abs=1e-8)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objective": "nonsaturating"}, "use --objective minimax or wgan"),
        ({"objective": "minimax", "techniques": ("unrolled", "historical-averaging")}, "without historical-averaging"),
    ],
)
def test_refuses_other_games(changes: dict[str, Any], words: str) -> None:
    settings = TrainConfig.from_mapping(
        {"network": "mlp[width=6]", "latent": 2, "techniques": ("unrolled",), **changes}
    )
    with pytest.raises(ConfigError, match=words):
        TrainState.fresh(settings, Game.of(settings), PointShape(2), 0)
