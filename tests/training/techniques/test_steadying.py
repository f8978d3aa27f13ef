"""top-k, lecam and bcr against their papers' formulas written out; their memory in the game and the checkpoint."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import Watcher, config, images, term_context
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import Batch, DiscriminatorOutput
from gantlet.core.interfaces.networks import ImageShape, PointShape
from gantlet.training.game import Game
from gantlet.training.loop import run
from gantlet.training.state import TrainState
from gantlet.training.techniques import TECHNIQUES
from gantlet.training.techniques.bcr import moved

PLAIN: dict[str, Any] = {"penalties": (), "techniques": (), "conditioning": "none", "objective": "nonsaturating",
                         "evaluate_every": 0, "mirror": False, "sample_every": 0}  # fmt: skip


def output(*logits: float) -> DiscriminatorOutput:
    values = torch.tensor(logits, dtype=torch.float64)
    return DiscriminatorOutput(values, values[:, None])


def game_state(**changes: Any) -> tuple[Game, TrainState]:
    settings = config(Path("nowhere"), **{**PLAIN, **changes})
    game = Game.of(settings)
    return game, TrainState.fresh(settings, game, ImageShape(8, 1), 0)


def batch() -> Batch:
    stream = torch.Generator().manual_seed(0)
    return Batch(torch.rand(8, 1, 8, 8, generator=stream) * 2 - 1, None, torch.randn(8, 4, generator=stream))


def test_top_k_weighs_the_best_fakes_alone() -> None:
    scores = torch.tensor([0.3, -1.0, 2.0, 0.3, 5.0])
    assert TECHNIQUES.build("top-k").fake_weights(scores).tolist() == [1.0] * 5
    weights = TECHNIQUES.build("top-k[share=0.6]").fake_weights(scores)
    torch.testing.assert_close(
        weights, torch.tensor([5, 0, 5, 0, 5]) / 3
    )  # of the equal third and fourth the first row


def test_top_k_lets_k_fall_to_its_floor() -> None:
    technique, network = TECHNIQUES.build("top-k[decay=0.8,floor=0.6,every=2]"), nn.Linear(1, 1)
    memory, shares = technique.memory(network, network), []
    for _ in range(7):
        shares.append(technique.at(memory).share)
        technique.follow(memory, "discriminator", network)
        technique.follow(memory, "generator", network)
    assert shares == pytest.approx([1, 1, 0.8, 0.8, 0.64, 0.64, 0.6])


def test_top_k_in_the_game_is_the_mean_over_the_best() -> None:
    game, state = game_state(techniques=("top-k[share=0.5]",))
    turn = game.generator_step(state.generator, state.discriminator, batch(), state.context(0))
    best = turn.fake_logits.sort(descending=True).values[:4]
    torch.testing.assert_close(turn.terms["g_loss"].detach(), nn.functional.softplus(-best).mean())


def test_lecam_is_the_distance_from_the_other_sides_average() -> None:
    technique, network = TECHNIQUES.build("lecam[weight=0.7,decay=0.9]"), nn.Linear(1, 1)
    memory = technique.memory(network, network)
    real, fake = output(1.0, -2.0, 4.0), output(0.5, 3.0, -1.0)
    assert float(technique.at(memory).discriminator_term(real, fake, term_context())) == 0
    seen: list[tuple[float, float]] = []
    rng = np.random.default_rng(0)
    for _ in range(4):
        sides = rng.normal(size=(2, 6))
        said = technique.observe(memory, *(torch.from_numpy(side) for side in sides))
        seen.append((sides[0].mean(), sides[1].mean()))
        shares = 0.9 ** np.arange(len(seen))[::-1]
        anchor_real, anchor_fake = shares / shares.sum() @ np.array(seen)
        assert float(said["lecam_real"]) == pytest.approx(anchor_real, rel=1e-12)
        term = technique.at(memory).discriminator_term(real, fake, term_context())
        r, f = real.logits.numpy(), fake.logits.numpy()
        expected = 0.7 * (((r - anchor_fake) ** 2).mean() + ((f - anchor_real) ** 2).mean())
        assert float(term) == pytest.approx(expected, rel=1e-12)


def test_bcr_is_the_change_of_the_logits() -> None:
    """With D(x) = Σ w·x every move is known: the same stream draws it again; NumPy moves, then mirrors."""
    technique = TECHNIQUES.build("bcr[real=3,fake=5,shift=1]")
    rng = np.random.default_rng(0)
    weights, real, fake = (torch.from_numpy(rng.normal(size=size)) for size in ((1, 6, 6), (4, 1, 6, 6), (4, 1, 6, 6)))

    def score(x: Tensor, labels: Tensor | None) -> DiscriminatorOutput:
        return DiscriminatorOutput((x * weights).sum((1, 2, 3)), x.flatten(1))

    context = term_context(real=real, fake=fake, score=score, stream=torch.Generator().manual_seed(1))
    found = technique.discriminator_term(score(real, None), score(fake, None), context)
    again, expected = torch.Generator().manual_seed(1), 0.0
    for weight, side in ((3, real), (5, fake)):
        moves = torch.randint(0, 3, (4, 2), generator=again).numpy() - 1
        flips = torch.randint(0, 2, (4, 1), generator=again).numpy()
        changes = []
        for row in range(4):
            image = side[row, 0].numpy()
            down, right = moves[row] + 1
            changed = np.pad(image, 1, mode="reflect")[down : down + 6, right : right + 6]
            changed = changed[:, ::-1] if flips[row, 0] else changed
            changes.append(float(((image - changed) * weights[0].numpy()).sum()) ** 2)
        expected += weight * np.mean(changes)
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_moves_without_mirror_and_shift_change_nothing() -> None:
    x = torch.rand(3, 1, 8, 8)
    assert torch.equal(moved(x, 0, False, torch.Generator()), x)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"techniques": ("bcr", "diffaugment")}, "diffaugment changes all"),
        ({"techniques": ("bcr", "ada")}, "ada changes all"),
        ({"techniques": ("bcr",), "objective": "veegan"}, "with their latents"),
        ({"techniques": ("ada",), "objective": "veegan"}, "augmentation and unrolled: ada"),
        ({"techniques": ("lecam",), "objective": "vae"}, "no adversary for lecam"),
        ({"techniques": ("top-k", "diffaugment"), "objective": "vae"}, "no adversary for top-k, diffaugment"),
    ],
)
def test_refuses_what_makes_no_sense_together(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        game_state(**changes)


def test_points_are_no_images() -> None:
    settings = config(Path("nowhere"), **{**PLAIN, "network": "mlp[width=4]", "techniques": ("bcr",)})
    game = Game.of(settings)
    with pytest.raises(ConfigError, match="bcr reads or changes images"):
        TrainState.fresh(settings, game, PointShape(2), 0)


@pytest.mark.parametrize("spec", ["top-k[floor=0]", "top-k[every=0]", "lecam[weight=0]", "lecam[decay=1]",
                                  "bcr[real=0,fake=0]", "bcr[shift=-1]", "ada[policy=spin]", "ada[p=2]"])  # fmt: skip
def test_refuses_options_out_of_range(spec: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        TECHNIQUES.build(spec)


class Stops(Watcher):
    def on_progress(self, step: int, total: int) -> None:
        if step == 3:
            raise RuntimeError("killed")


@pytest.mark.parametrize(
    "changes",
    [
        {"techniques": ("lecam", "top-k[every=1]", "ada[every=1,images=50]")},
        {"techniques": ("bcr[shift=1]",), "objective": "ra-hinge"},
        {"objective": "ra-lsgan", "penalties": ("r1",), "techniques": ("ada[over=100,end=0.9]",)},
    ],
)
def test_runs_resume_bit_by_bit(changes: dict[str, Any], tmp_path: Path) -> None:
    settings = {**PLAIN, "steps": 5, "checkpoint_every": 2, **changes}
    whole = run(config(tmp_path / "whole", **settings), images(), observer=Watcher())
    with pytest.raises(RuntimeError):
        run(config(tmp_path / "cut", **settings), images(), observer=Stops())
    resumed = run(config(tmp_path / "cut", **settings), images(), resume=True, observer=Watcher())
    assert resumed.weights_sha256 == whole.weights_sha256
