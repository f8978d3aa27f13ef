"""Fakes of the generator's step: shared ones are played as a loop written by hand plays them."""

import json
from pathlib import Path

import pytest
import torch
from tiny import Watcher, config, images
from torch.nn import functional

from gantlet.core.errors import ConfigError
from gantlet.core.rng import torch_stream
from gantlet.training.data import image_order
from gantlet.training.game import Game
from gantlet.training.loop import run
from gantlet.training.runs.tensors import read_tensors
from gantlet.training.state import TrainState

GAME = {
    "objective": "nonsaturating",
    "penalties": (),
    "techniques": (),
    "conditioning": "none",
    "network": "dcgan[width=4]",
    "mirror": False,
    "evaluate_every": 0,
}


@pytest.mark.parametrize("critic_steps", [1, 3])
def test_shared_fakes_are_a_loop_by_hand(critic_steps: int, tmp_path: Path) -> None:
    """After 3 steps within 1e-6: the same float32 sums, some in another order (losses added before or after backward)."""
    setting = config(tmp_path / "run", steps=3, fakes="shared", discriminator_steps=critic_steps, **GAME)
    data = images()
    run(setting, data, observer=Watcher())
    state = TrainState.fresh(setting, Game.of(setting), data.shape, 0)
    G, D = state.generator, state.discriminator
    adam = [torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (G, D)]
    latents, drawn = torch_stream(setting.seed, "latent"), 0
    ones, zeros = torch.ones(8), torch.zeros(8)
    for _ in range(3):
        for _ in range(critic_steps):
            rows = image_order(len(data), setting.seed, drawn, 8)
            real = torch.from_numpy(data.images[rows]).permute(0, 3, 1, 2).float() / 127.5 - 1
            fake = G(torch.randn(8, 4, generator=latents), None)
            adam[1].zero_grad()
            functional.binary_cross_entropy_with_logits(D(real, None).logits, ones).backward()
            functional.binary_cross_entropy_with_logits(D(fake.detach(), None).logits, zeros).backward()
            adam[1].step()
            drawn += 8
        adam[0].zero_grad()
        functional.binary_cross_entropy_with_logits(D(fake, None).logits, ones).backward()
        adam[0].step()
    saved = read_tensors(tmp_path / "run" / "checkpoints" / "final.safetensors")[0]
    for name, network in (("generator", G), ("discriminator", D)):
        for key, tensor in network.state_dict().items():
            if "num_batches" not in key:
                assert float((saved[f"{name}/{key}"] - tensor).abs().max()) < 1e-6, (name, key)


def test_shared_and_fresh_are_different_games(tmp_path: Path) -> None:
    lines = []
    for fakes in ("shared", "fresh"):
        run(config(tmp_path / fakes, steps=2, fakes=fakes, **GAME), images(), observer=Watcher())
        written = map(json.loads, (tmp_path / fakes / "events.jsonl").read_text().splitlines())
        lines.append(next(line for line in written if line["event"] == "log"))
    assert lines[0]["g_loss"] != lines[1]["g_loss"]


def test_other_fakes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fakes one of fresh, shared; got fakes = 'old'"):
        config(tmp_path, fakes="old")
