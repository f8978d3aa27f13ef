"""AE-OT: the plan is solved after the last step, travels with the checkpoint, and an image depends on its latent alone."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError, Interrupted
from gantlet.core.interfaces.modules import Batch, DiscriminatorOutput
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training import recipes
from gantlet.training.data import TrainingImages
from gantlet.training.game import Game
from gantlet.training.loop import run
from gantlet.training.objectives.reconstruction import Reconstruction
from gantlet.training.observer import Silent
from gantlet.training.runs.generator import load_generator
from gantlet.training.state import TrainState
from gantlet.training.techniques.transport_codes import TransportCodes, Transported


def config(out: Path, **changes: object) -> TrainConfig:
    small = {"out": str(out), "steps": 30, "batch": 16, "latent": 3, "log_every": 10}
    network = {"network": "autoencoder[width=4,code=3,energy=none]", "techniques": ("transport-codes[targets=40]",)}
    return dataclasses.replace(recipes.load("ae-ot"), **{**small, **network, **changes})


def images() -> TrainingImages:
    rng = np.random.default_rng(0)
    plain = rng.integers(0, 256, (60, 1, 1, 1)) * np.ones((60, 8, 8, 1))
    return TrainingImages(plain.astype(np.uint8), None, (), "", "plain")


def test_trains_solves_saves_and_samples(tmp_path: Path) -> None:
    run(config(tmp_path / "r"), images(), observer=Silent())
    events = [json.loads(line) for line in (tmp_path / "r" / "events.jsonl").read_text().splitlines()]
    finish = next(event for event in events if event["event"] == "finish")
    assert 30 < finish["codes"] <= 40 and finish["cost_lower"] <= finish["cost_upper"]
    assert finish["nearest_code"] >= 0 and 0 < finish["largest_share"] <= 1
    errors = [event["reconstruction"] for event in events if event["event"] == "log"]
    assert errors[-1] < errors[0]
    loaded = load_generator(tmp_path / "r")
    generator = loaded.generator
    assert isinstance(generator, Transported) and len(generator.codes) == finish["codes"]  # equal images are one code
    np.testing.assert_array_equal(loaded.sample(4, seed=1), loaded.sample(9, seed=1)[:4])
    z = np.random.default_rng(0).standard_normal((20, 3))
    whole, alone = generator.blend(z.copy()), generator.blend(z[7:8].copy())
    np.testing.assert_array_equal(whole.points[7], alone.points[0])
    np.testing.assert_allclose(whole.shares.sum(axis=1), 1.0)
    codes = generator.codes.numpy()
    np.testing.assert_allclose(whole.points, np.einsum("kc,kcd->kd", whole.shares, codes[whole.rows]))


def test_killed_and_resumed_is_the_same_generator(tmp_path: Path) -> None:
    class Killed(Silent):
        def on_progress(self, step: int, total: int) -> None:
            if step == 25:
                raise KeyboardInterrupt

    first = run(config(tmp_path / "a", checkpoint_every=10), images(), observer=Silent())
    with pytest.raises(Interrupted):
        run(config(tmp_path / "b", checkpoint_every=10), images(), observer=Killed())
    again = run(config(tmp_path / "b", checkpoint_every=10), images(), resume=True, observer=Silent())
    assert first.weights_sha256 == again.weights_sha256


def test_both_players_step_by_one_loss_and_normalisation_learns_from_codes_alone(tmp_path: Path) -> None:
    game = Game.of(config(tmp_path))
    state = TrainState.fresh(config(tmp_path), game, ImageShape(8, 1), 0)
    real = torch.rand(16, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    batch = Batch(real, None, 1e3 * torch.ones(16, 3))
    turn = game.joint_step(state.generator, state.discriminator, batch, state.context(0))
    turn.loss.backward()
    assert all(p.grad is not None for net in (state.generator, state.discriminator) for p in net.parameters())
    norms = [m for m in state.generator.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms and state.generator.training and all(int(norm.num_batches_tracked) == 1 for norm in norms)
    with pytest.raises(ConfigError, match="discriminator_steps = 1"):
        run(config(tmp_path / "r", discriminator_steps=2), images(), observer=Silent())


def test_blends_of_one_code_are_told_to_be_copies(tmp_path: Path) -> None:
    """With no two codes near enough to be mixed every latent goes to its own cell's code."""
    alone = {"network": "autoencoder[width=4,code=4,energy=none]", "latent": 4, "steps": 2}
    settings = config(tmp_path, **alone, techniques=("transport-codes[targets=40,limit=1e-9]",))
    run(settings, images(), observer=Silent())
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    finish = next(event for event in events if event["event"] == "finish")
    assert finish["nearest_code"] == 0.0 and finish["largest_share"] == 1.0


def test_the_loss_is_the_mean_squared_error() -> None:
    real = torch.arange(12.0).reshape(3, 1, 2, 2)
    batch = Batch(real, None, torch.zeros(3, 4))

    class Encoder(nn.Module):
        def forward(self, x: torch.Tensor, labels: object) -> DiscriminatorOutput:
            return DiscriminatorOutput(x.new_zeros(3), x.flatten(1))

    class Decoder(nn.Module):
        def forward(self, codes: torch.Tensor, labels: object) -> torch.Tensor:
            return codes.reshape(3, 1, 2, 2) + 2

    terms = Reconstruction(sparsity=0.5).common_terms(Decoder(), Encoder(), batch, torch.Generator())
    assert float(terms["reconstruction"]) == pytest.approx(4.0)
    assert float(terms["sparsity"]) == pytest.approx(0.5 * 5.5)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"latent": 4}, "code = latent"),
        ({"network": "autoencoder[width=4,code=3]"}, "energy=none"),
        ({"network": "dcgan[width=4]"}, "must be an encoder"),
        ({"objective": "nonsaturating"}, "reconstruction"),
        ({"penalties": ("r1",)}, "no adversary"),
        ({"techniques": ("transport-codes", "ema")}, "leave ema out"),
    ],
)
def test_what_does_not_go_together_says_so(tmp_path: Path, changes: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        run(config(tmp_path / "r", **changes), images(), observer=Silent())


def test_options_out_of_range() -> None:
    for make in (lambda: TransportCodes(mixed=0), lambda: TransportCodes(limit=0.0), lambda: Reconstruction(-1.0)):
        with pytest.raises(ConfigError, match="expected"):
            make()
    assert Game.of(recipes.load("ae-ot")).parts.objective == Reconstruction()
