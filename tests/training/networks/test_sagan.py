"""sagan: attention by a loop over positions, norms by torch's svdvals, where it attends, and a run that resumes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import Watcher, config, images
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.game import Game
from gantlet.training.loop import run
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.sagan import SelfAttention
from gantlet.training.state import TrainState


def test_attention_is_the_papers_sum_over_positions() -> None:
    torch.manual_seed(0)
    layer = SelfAttention(16).double()
    x = torch.randn(2, 16, 3, 3, dtype=torch.float64)
    assert torch.equal(layer(x), x)  # γ starts at 0
    with torch.no_grad():
        layer.gamma.fill_(0.7)
    f, g, h, v = (part.weight.detach().numpy()[:, :, 0, 0] for part in (layer.f, layer.g, layer.h, layer.v))
    for image, found in zip(x.numpy(), layer(x).detach().numpy(), strict=True):
        places = image.reshape(16, 9).T
        for j, place in enumerate(places):
            scores = np.array([(f @ other) @ (g @ place) for other in places])
            beta = np.exp(scores - scores.max())
            beta /= beta.sum()
            o = v @ sum(b * (h @ other) for b, other in zip(beta, places, strict=True))
            np.testing.assert_allclose(found.reshape(16, 9)[:, j], place + 0.7 * o, atol=1e-12)


def test_every_weight_of_both_players_has_norm_one() -> None:
    torch.manual_seed(0)
    network = NETWORKS.build("sagan[width=4]")
    G = network.generator(ImageShape(16, 3), 6, "conditional-batch-norm", 3)
    D = network.discriminator(ImageShape(16, 3), "conditional-batch-norm", 3)
    z, labels = torch.randn(4, 6), torch.tensor([0, 1, 2, 0])
    for _ in range(200):
        D(G(z, labels), labels)  # training passes: the power iteration goes on
    layers = [m for player in (G.eval(), D.eval()) for m in player.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    for layer in [*layers, D.head.embedding]:
        # the iteration's error falls as (σ₂/σ₁)^400
        assert float(torch.linalg.svdvals(layer.weight.detach().flatten(1))[0]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("size", "option", "side"), [(128, "", 32), (64, "", 32), (32, "", 16), (8, "", 4), (64, ",attention=8", 8),
                                                      (48, ",attention=16", 12)])  # fmt: skip
def test_both_attend_on_the_map_that_is_asked_for(size: int, option: str, side: int) -> None:
    network, seen = NETWORKS.build(f"sagan[width=1{option}]"), []
    G, D = network.generator(ImageShape(size, 1), 3, "none", 0), network.discriminator(ImageShape(size, 1), "none", 0)
    for player in (G, D):
        for module in player.modules():
            if isinstance(module, SelfAttention):
                module.register_forward_hook(lambda m, given, out: seen.append(tuple(out.shape[2:])))
    with torch.no_grad():
        D(G(torch.randn(2, 3)))
    assert seen == [(side, side)] * 2


@pytest.mark.parametrize("penalty", ["spectral-norm", "weight-clipping"])
def test_refuses_a_second_rule_for_its_weights(penalty: str) -> None:
    settings = config(Path("nowhere"), network="sagan[width=2]", penalties=(penalty,), techniques=(), objective="hinge",
                      conditioning="none")  # fmt: skip
    with pytest.raises(ConfigError, match=f"makes {penalty} idle"):
        TrainState.fresh(settings, Game.of(settings), ImageShape(8, 1), 0)
    with pytest.raises(ConfigError, match="attention ≥ 1"):
        NETWORKS.build("sagan[attention=0]")


class Stops(Watcher):
    def on_progress(self, step: int, total: int) -> None:
        if step == 3:
            raise RuntimeError("killed")


def test_a_run_resumes_bit_by_bit(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"network": "sagan[width=2]", "objective": "hinge", "penalties": (), "steps": 5,
                                "conditioning": "conditional-batch-norm", "checkpoint_every": 2, "evaluate_every": 0}  # fmt: skip
    whole = run(config(tmp_path / "whole", **settings), images(), observer=Watcher())
    with pytest.raises(RuntimeError):
        run(config(tmp_path / "cut", **settings), images(), observer=Stops())
    resumed = run(config(tmp_path / "cut", **settings), images(), resume=True, observer=Watcher())
    assert resumed.weights_sha256 == whole.weights_sha256
