"""weight-clipping acts after the step, spares normalisation layers, and is refused beside spectral-norm."""

import pytest
import torch
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.game import Game
from gantlet.training.penalties import PENALTIES
from gantlet.training.state import TrainState


def test_clamps_every_weight_but_those_of_norms() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.Flatten(), nn.Linear(4, 2))
    nn.init.normal_(network[1].bias)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    PENALTIES.build("weight-clipping[clip=0.05]").after_step(network)
    for name, parameter in network.named_parameters():
        expected = before[name] if name[0] in "12" else before[name].clamp(-0.05, 0.05)
        assert torch.equal(parameter, expected), name
    assert torch.equal(network[1].weight, torch.ones(4))


@pytest.mark.parametrize("spec", ["weight-clipping[clip=0]", "weight-clipping[clip=-1]", "weight-clipping[clip=inf]"])
def test_refuses_a_box_without_room(spec: str) -> None:
    with pytest.raises(ConfigError, match="clip > 0"):
        PENALTIES.build(spec)


def test_refuses_spectral_norm_beside_it() -> None:
    config = TrainConfig(network="dcgan[width=4,norm=none]", penalties=("weight-clipping", "spectral-norm"))
    with pytest.raises(ConfigError, match="clipping weights does nothing under spectral-norm"):
        TrainState.fresh(config, Game.of(config), ImageShape(8, 1), 0)
