"""Parts in the game: terms join one loss, memories and buffers resume bit by bit, nonsense is refused with its reason."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import Watcher, config, images

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import Packs, Prepares, Refuses
from gantlet.core.interfaces.modules import Batch
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.game import Game
from gantlet.training.loop import run
from gantlet.training.runs.generator import load_generator
from gantlet.training.state import TrainState
from gantlet.training.techniques.pacgan import PacGan

PLAIN: dict[str, Any] = {
    "steps": 4,
    "checkpoint_every": 2,
    "penalties": (),
    "techniques": (),
    "conditioning": "none",
    "objective": "nonsaturating",
    "evaluate_every": 0,
    "sample_every": 100,
    "mirror": False,
}
GAMES: dict[str, dict[str, Any]] = {
    "clipping": {"objective": "wgan", "penalties": ("weight-clipping",), "optimizer": "rmsprop"},
    "spectral": {"objective": "hinge", "penalties": ("spectral-norm",), "conditioning": "projection"},
    "lazy": {"penalties": ("r1[every=3]", "gradient-penalty-one-sided", "dragan[every=2]")},
    "salimans": {
        "techniques": ("label-smoothing", "feature-matching", "historical-averaging", "minibatch-discrimination")
    },
    "packed": {"techniques": ("pacgan[pack=4]", "diffaugment"), "penalties": ("r1",)},
    "falling": {"penalties": ("r1[end=0.1,over=20]",), "decay": "cosine", "beta2_to": 0.99},
    "unrolled": {"objective": "minimax", "techniques": ("unrolled[steps=2]",)},
    "energy": {"objective": "ebgan", "network": "autoencoder[width=4,code=5]"},
    "equilibrium": {"objective": "began[rate=0.1]", "network": "autoencoder[width=4,code=5,energy=absolute]"},
    "classifier": {"conditioning": "auxiliary-classifier", "network": "infogan[width=4,hidden=8]"},
    "projected": {
        "objective": "hinge",
        "penalties": ("spectral-norm",),
        "network": "resnet[width=4]",
        "conditioning": "conditional-batch-norm",
        "techniques": ("ema[half_life=50]",),
    },
    "virtual": {
        "techniques": ("virtual-batch-norm[n=5]", "ema[half_life=50]"),
        "network": "dcgan[width=4]",
        "conditioning": "concat",
    },
    "hadamard": {"conditioning": "hadamard", "network": "mlp[width=8]"},
    "lsgan": {"objective": "lsgan", "network": "dcgan[width=4]"},
}


class Stops(Watcher):
    def on_progress(self, step: int, total: int) -> None:
        if step == 3:
            raise RuntimeError("killed")


def game_state(**changes: Any) -> tuple[TrainConfig, Game, TrainState]:
    settings = config(Path("nowhere"), **{**PLAIN, **changes})
    game = Game.of(settings)
    n_classes = 0 if settings.conditioning == "none" else 2
    return settings, game, TrainState.fresh(settings, game, ImageShape(8, 1), n_classes)


def batch(n: int = 8) -> Batch:
    stream = torch.Generator().manual_seed(0)
    return Batch(torch.rand(n, 1, 8, 8, generator=stream) * 2 - 1, None, torch.randn(n, 4, generator=stream))


@pytest.mark.parametrize("name", GAMES)
def test_every_game_resumes_bit_by_bit(name: str, tmp_path: Path) -> None:
    changes = {**PLAIN, **GAMES[name]}
    whole = run(config(tmp_path / "whole", **changes), images(), observer=Watcher())
    with pytest.raises(RuntimeError):
        run(config(tmp_path / "cut", **changes), images(), observer=Stops())
    resumed = run(config(tmp_path / "cut", **changes), images(), resume=True, observer=Watcher())
    assert resumed.weights_sha256 == whole.weights_sha256
    assert load_generator(tmp_path / "cut").sample(3).shape == (3, 8, 8, 1)


def test_a_lazy_penalty_weighs_as_much_as_one_on_every_step() -> None:
    _, game, state = game_state(penalties=("r1[gamma=0.5,every=4]",))
    _, eager, _ = game_state(penalties=("r1[gamma=0.5]",))
    turns = [
        game.discriminator_step(state.generator, state.discriminator, batch(), state.context(step)) for step in range(8)
    ]
    assert [step for step, turn in enumerate(turns) if "r1" in turn.terms] == [0, 4]
    full = eager.discriminator_step(state.generator, state.discriminator, batch(), state.context(1)).terms["r1"]
    torch.testing.assert_close(sum(turn.terms["r1"] for turn in turns if "r1" in turn.terms), 8 * full)


def test_a_penaltys_weight_falls_with_the_images_seen() -> None:
    _, game, state = game_state(penalties=("r1[gamma=2,end=0.2,over=32]", "r2[gamma=2,end=0.2,over=32]"))
    _, fixed, _ = game_state(penalties=("r1[gamma=1]", "r2[gamma=1]"))
    found = []
    for step in range(6):
        turn, one = (
            g.discriminator_step(state.generator, state.discriminator, batch(), state.context(step))
            for g in (game, fixed)
        )
        found.append(float(turn.terms["r1"].detach() / one.terms["r1"].detach()))
        assert float(turn.terms["r2"].detach() / one.terms["r2"].detach()) == pytest.approx(found[-1], rel=1e-5)
        game.after_discriminator(state.discriminator, turn, state.memory)
    # eight images a step: .2 + 1.8·(1 + cos(π·t/4))/2
    r = 0.9 * 2**-0.5
    assert found == pytest.approx([2, 1.1 + r, 1.1, 1.1 - r, 0.2, 0.2], rel=1e-5)


def test_the_loss_is_the_sum_of_its_terms() -> None:
    techniques = ("feature-matching[adversarial=true]", "historical-averaging")
    _, game, state = game_state(techniques=techniques, penalties=("r1", "dragan"))
    d_output = game.discriminator_step(state.generator, state.discriminator, batch(), state.context(0))
    assert list(d_output.terms) == ["d_loss", "r1", "dragan", "d_historical-averaging"]
    g_output = game.generator_step(state.generator, state.discriminator, batch(), state.context(0))
    assert list(g_output.terms) == ["g_loss", "g_feature-matching", "g_historical-averaging"]
    for turn in (d_output, g_output):
        torch.testing.assert_close(turn.loss, torch.stack(list(turn.terms.values())).sum())
    _, alone, state = game_state(techniques=("feature-matching",))
    assert list(alone.generator_step(state.generator, state.discriminator, batch(), state.context(0)).terms) == [
        "g_feature-matching"
    ]


def test_a_packed_discriminator_judges_consecutive_images_together() -> None:
    _, game, state = game_state(techniques=("pacgan[pack=4]",))
    first = next(m for m in state.discriminator.modules() if isinstance(m, torch.nn.Conv2d))
    assert first.in_channels == 4
    turn = game.discriminator_step(state.generator, state.discriminator, batch(), state.context(0))
    assert turn.real_logits.shape == turn.fake_logits.shape == (2,)
    assert turn.fake.shape == (8, 1, 8, 8)
    real = batch().real
    packs = torch.stack([torch.cat(list(real[:4])), torch.cat(list(real[4:]))])
    torch.testing.assert_close(turn.real_logits, state.discriminator(packs).logits.detach())


def test_clipped_weights_stay_in_the_box(tmp_path: Path) -> None:
    settings = config(tmp_path / "r", **{**PLAIN, **GAMES["clipping"]})
    run(settings, images(), observer=Watcher())
    from gantlet.training.runs.tensors import read_tensors

    tensors, _ = read_tensors(tmp_path / "r" / "checkpoints" / "final.safetensors")
    weights = [t for name, t in tensors.items() if name.startswith("discriminator/")]
    assert weights
    assert all(float(weight.abs().max()) <= 0.01 for weight in weights)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"techniques": ("pacgan[pack=3]",)}, "packs of 3"),
        ({"techniques": ("pacgan",), "conditioning": "concat"}, "different labels"),
        ({"techniques": ("unrolled",), "penalties": ("r1",)}, "without r1"),
        ({"techniques": ("unrolled",), "optimizer": "rmsprop"}, "steps of Adam"),
        ({"techniques": ("minibatch-discrimination",), "penalties": ("dragan",)}, "depend on the whole batch"),
        ({"techniques": ("label-smoothing",), "objective": "wgan"}, "cross-entropy"),
        ({"penalties": ("weight-clipping", "spectral-norm")}, "one of the two"),
        ({"objective": "ebgan"}, "must be an auto-encoder"),
        ({"objective": "began"}, "must be an auto-encoder"),
        ({"network": "autoencoder", "objective": "hinge"}, "use ebgan or began"),
    ],
)
def test_refuses_what_makes_no_sense_together(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        game_state(**changes)


def test_rmsprop_is_torchs(tmp_path: Path) -> None:
    settings, _, state = game_state(optimizer="rmsprop", beta2=0.9)
    assert isinstance(state.optimizer_generator, torch.optim.RMSprop)
    assert state.optimizer_discriminator.param_groups[0]["alpha"] == 0.9
    with pytest.raises(ConfigError, match="optimizer one of adam, rmsprop"):
        dataclasses.replace(settings, optimizer="sgd")


def test_the_controller_of_began_follows_the_paper_and_is_clamped() -> None:
    _, game, state = game_state(objective="began[gamma=0.5,rate=0.3,k=0.9]", network="autoencoder[width=4,code=5]")
    k = 0.9
    for _ in range(3):
        turn = game.discriminator_step(state.generator, state.discriminator, batch(), state.context(0))
        real, fake = -float(turn.real_logits.mean()), -float(turn.fake_logits.mean())
        # logits are float32, k multiplies their mean: 1e-6 relative
        assert turn.loss.item() == pytest.approx(real - k * fake, rel=1e-5)
        seen = game.after_discriminator(state.discriminator, turn, state.memory)
        k = min(max(k + 0.3 * (0.5 * real - fake), 0.0), 1.0)
        assert float(state.memory["began"]["k"]) == float(seen["k"]) == pytest.approx(k, rel=1e-6)
        assert float(seen["m_global"]) == pytest.approx(real + abs(0.5 * real - fake), rel=1e-6)
    assert "memory/began/k" in state.tensors()


@dataclasses.dataclass(frozen=True)
class OwnPack(Prepares):
    """Use an option called pack for something else."""

    pack: int = 7

    def prepare(self, discriminator: torch.nn.Module) -> None:
        """Change nothing."""


@dataclasses.dataclass(frozen=True)
class RefusesAlone(Refuses):
    """Refuse nothing, and be no network."""

    def refusal(self, config: TrainConfig, others: object, discriminator: torch.nn.Module) -> None:
        """Return nothing."""


def test_an_option_of_a_protocols_name_does_not_make_a_part_implement_it() -> None:
    _, game, _ = game_state(techniques=(f"{__name__}:OwnPack",))
    assert game.parts.pack == 1
    assert not game.parts.implementing(Packs)


def test_a_network_implements_the_protocol_of_networks() -> None:
    with pytest.raises(ConfigError, match="does not implement Network"):
        game_state(network=f"{__name__}:RefusesAlone")


def test_two_parts_with_the_same_job_are_refused() -> None:
    settings, game, state = game_state(techniques=("pacgan",))
    doubled = dataclasses.replace(game.parts, named={**game.parts.named, "other": PacGan()})
    with pytest.raises(ConfigError, match="pacgan and other do the same job"):
        doubled.require_fit(settings, state.discriminator)
