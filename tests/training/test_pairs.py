"""Pairs in the one loop: what both players see, resuming, samples from held-out inputs, evaluation, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from PIL import Image
from torch.nn.functional import softplus

from gantlet.actions.sample import sample
from gantlet.actions.train import train, training_data
from gantlet.core.config import TrainConfig
from gantlet.core.errors import CheckpointError, ConfigError, UntrustedError, UsageError
from gantlet.core.trust import trust
from gantlet.data.opening import open_images, open_source
from gantlet.training.data import TrainingImages
from gantlet.training.game import Game
from gantlet.training.loader import Loader
from gantlet.training.loop import run
from gantlet.training.observer import Measured
from gantlet.training.runs.generator import load_generator
from gantlet.training.state import TrainState

DATA = "paired[of=digits[split=test],task=downsampled]"
PAIRS: dict[str, Any] = {
    "data": DATA,
    "network": "unet[width=4]",
    "discriminator": "patch[width=4]",
    "objective": "nonsaturating",
    "penalties": (),
    "techniques": ("pixel-loss", "ema[half_life=50]"),
    "conditioning": "none",
    "mirror": True,
}


class Watcher(tiny.Watcher):
    def on_evaluate(self, sampler: Any, step: int, images_seen: int) -> Measured:
        assert sampler(3, None).shape == (3, 8, 8, 1)
        return Measured(None, {})


def config(out: Path, **changes: Any) -> TrainConfig:
    return tiny.config(out, **{**PAIRS, **changes})


def played(**changes: Any) -> tuple[Any, Any, Any]:
    """Return both turns of one batch, and the batch."""
    settings = config(Path("nowhere"), **changes)
    data, game = training_data(open_source(DATA)), Game.of(settings)
    state = TrainState.fresh(settings, game, data.shape, 0)
    batch = Loader(settings, data, torch.device("cpu")).next(state)
    players = state.generator.eval(), state.discriminator.eval()
    d_output = game.discriminator_step(*players, batch, state.context(0))
    g_output = game.generator_step(*players, batch, state.context(0))
    return (d_output, g_output, batch), players, game


def test_both_players_see_the_input_and_the_losses_are_pix2pixs() -> None:
    (d_output, g_output, batch), (generator, discriminator), _ = played()
    fake = generator(batch.z, None, batch.inputs)
    real_logits = discriminator(torch.cat([batch.inputs, batch.real], 1)).logits
    fake_logits = discriminator(torch.cat([batch.inputs, fake], 1)).logits
    assert len(fake_logits) == 8 * 4  # 2 × 2 patches an image
    torch.testing.assert_close(d_output.loss, (softplus(-real_logits) + softplus(fake_logits)).mean())
    expected = softplus(-fake_logits).mean() + 100 * (batch.real - fake).abs().mean()
    torch.testing.assert_close(g_output.loss, expected)
    assert set(g_output.terms) == {"g_loss", "g_pixel-loss"}


def test_the_arms_without_adversary_and_without_input() -> None:
    (_, g_output, batch), (generator, _), _ = played(techniques=("pixel-loss[norm=l2,adversarial=false]",))
    assert set(g_output.terms) == {"g_pixel-loss"}
    fake = generator(batch.z, None, batch.inputs)
    torch.testing.assert_close(g_output.loss, 100 * (batch.real - fake).square().mean())
    (d_output, _, batch), (_, judge), _ = played(discriminator="patch[width=4,sees_inputs=false]", techniques=())
    torch.testing.assert_close(d_output.real_logits, judge(batch.real).logits.detach())


def test_a_penalty_takes_each_images_mean_logit() -> None:
    changes = {"discriminator": "patch[width=4,norm=none]", "penalties": ("r1[gamma=2]",), "techniques": ()}
    (d_output, _, batch), (_, judge), _ = played(**changes)
    seen = torch.cat([batch.inputs, batch.real], 1).requires_grad_(True)
    (slope,) = torch.autograd.grad(judge(seen).logits.view(8, -1).mean(1).sum(), seen)
    torch.testing.assert_close(d_output.terms["r1"], slope.square().flatten(1).sum(1).mean())


def test_both_images_of_a_pair_are_mirrored_or_none() -> None:
    data = training_data(open_source(DATA))
    assert isinstance(data, TrainingImages) and data.pairs is not None
    settings = config(Path("nowhere"), batch=64)
    state = TrainState.fresh(settings, Game.of(settings), data.shape, 0)
    batch = Loader(settings, data, torch.device("cpu")).next(state)
    assert batch.inputs is not None
    blocks = ((batch.real + 1) * 127.5).reshape(64, 1, 2, 4, 2, 4).mean((3, 5))
    given = ((batch.inputs + 1) * 127.5)[:, :, ::4, ::4]
    assert (blocks - given).abs().max() <= 0.51  # means were rounded to whole levels


def test_resumes_bit_by_bit(tmp_path: Path) -> None:
    data = training_data(open_source(DATA))
    whole = run(config(tmp_path / "a"), data, observer=Watcher())
    run(config(tmp_path / "b", steps=6), data, observer=Watcher())
    resumed = run(config(tmp_path / "b"), data, resume=True, observer=Watcher())
    assert whole.weights_sha256 == resumed.weights_sha256


def test_train_sample_evaluate(tmp_path: Path) -> None:
    out = tmp_path / "run"
    report = train(config(out, evaluate_every=0), say=lambda text: None)
    found = {estimate.metric: estimate for estimate in report.estimates}
    assert {"psnr", "gan_test", "frechet_distance"} <= set(found) and found["psnr"].details["pairs"] == 1437
    # 2 × 2 patches of frame: four pairs a row of 3·8 + 1 pixels, 16 rows of 8 + 1, enlarged four times
    assert Image.open(out / "samples" / "step-00000012.png").size == (4 * 4 * 25, 4 * 16 * 9)
    source = open_images(f"run:{out}[n=1440]")
    truth = open_images("digits[split=train]")
    assert list(source.names[:1437]) == list(truth.names) and source.names[1437] == f"{truth.names[0]}~1"
    assert source.labels is not None and truth.labels is not None
    np.testing.assert_array_equal(source.labels[:1437], truth.labels)
    assert not np.array_equal(source.read(0), source.read(1437))  # other noise
    sample(out, tmp_path / "s.npz", 5)
    with np.load(tmp_path / "s.npz") as arrays:
        assert arrays["x"].shape == (5, 8, 8, 1)
    own = open_images(f"run:{out}[n=4,inputs=digits[split=test]]")
    assert own.names[0] == open_images("digits[split=test]").names[0]
    loaded = load_generator(out)
    with pytest.raises(UsageError, match=r"expected input images uint8 \(3, 8, 8, 1\); got None"):
        loaded.sample(3)
    with pytest.raises(UsageError, match="takes no label"):
        open_source(f"run:{out}[n=4,label=1]")


def test_pairs_without_a_held_out_split_say_so_and_are_sampled_without_a_moving_average(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), np.uint8)
    np.savez(tmp_path / "own.npz", x=pixels)
    data, said = f"paired[of={tmp_path / 'own.npz'}]", list[str]()
    changes = {"steps": 2, "evaluate_every": 0, "techniques": ("pixel-loss",), "features": "pixels"}
    train(config(tmp_path / "run", data=data, **changes), say=said.append)
    assert any("no held-out split" in text and "training inputs" in text for text in said)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("GANTLET_STATE", str(tmp_path / "of another user"))
        with pytest.raises(UntrustedError, match="outside its folder"):
            sample(tmp_path / "run", tmp_path / "s.npz", 3)
        with trust():
            sample(tmp_path / "run", tmp_path / "trusted.npz", 3)
    sample(tmp_path / "run", tmp_path / "s.npz", 3)
    with np.load(tmp_path / "s.npz") as arrays, pytest.raises(CheckpointError, match="--which generator"):
        assert arrays["x"].shape == (3, 8, 8, 1)
        sample(tmp_path / "run", tmp_path / "t.npz", 3, which="ema")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "dcgan[norm=none]"}, "--network unet"),
        ({"discriminator": ""}, "a generator alone"),
        ({"objective": "vae"}, "vae is for images from latents"),
        ({"techniques": ("diffaugment",)}, "diffaugment is for images from latents"),
        ({"objective": "wgan-qc", "discriminator": "patch[norm=none]"}, "one number per patch"),
        ({"conditioning": "concat"}, "takes no labels"),
        ({"penalties": ("r1",)}, "batch normalisation"),
    ],
)
def test_what_does_not_go_with_pairs(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        run(config(tmp_path / "a", **changes), training_data(open_source(DATA)), observer=Watcher())


def test_pairs_are_needed_where_they_are_asked_for(tmp_path: Path) -> None:
    data = training_data(open_source("digits[split=test]"))
    for changes in ({"network": "dcgan", "discriminator": ""}, {"techniques": ()}, {}):
        with pytest.raises(ConfigError, match="the data are single images"):
            run(config(tmp_path / "a", **changes), data, observer=Watcher())


def test_a_discriminator_of_another_family_beside_any_generator(tmp_path: Path) -> None:
    changes = {"network": "dcgan[width=4]", "discriminator": "patch[width=4]", "techniques": ()}
    data = training_data(open_source("digits[split=test]"))
    assert run(config(tmp_path / "a", **changes), data, observer=Watcher()).step == 12
    changes = {"network": "dcgan[width=4]", "discriminator": "autoencoder[width=4,energy=absolute]", "techniques": ()}
    assert run(config(tmp_path / "b", objective="began", **changes), data, observer=Watcher()).step == 12
