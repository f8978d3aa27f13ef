"""AE-OT-GAN: the start from a trained auto-encoder, its terms by hand, resuming, and what it refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import images, term_context

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.loop import run
from gantlet.training.networks import NETWORKS
from gantlet.training.observer import Silent
from gantlet.training.runs.events import read_events
from gantlet.training.runs.generator import load_generator
from gantlet.training.techniques import TECHNIQUES
from gantlet.training.techniques.ae_ot_gan import CodesGenerator

SPEC = "ae-ot-gan[pretrain=80,targets=20,width=4,tolerance=0.5]"


def config(out: Path, **changes: Any) -> TrainConfig:
    values: dict[str, Any] = {
        "out": str(out), "steps": 6, "batch": 8, "network": "dcgan[width=4,norm=none]", "latent": 2, "objective": "rpgan",
        "techniques": (SPEC, "ema[half_life=20]"), "sample_every": 0, "log_every": 2, "checkpoint_every": 3, "evaluate": False,
        "device": "cpu", "lr_generator": 1e-3,
    }  # fmt: skip
    return TrainConfig(**{**values, **changes})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "a"
    run(config(out), images(), observer=Silent())
    return out


def test_it_starts_from_an_auto_encoder_and_samples_near_the_data(trained: Path) -> None:
    begun = next(event for event in read_events(trained) if event["event"] == "begin")
    data = images().images / 127.5 - 1
    assert begun["part"] == "ae-ot-gan" and begun["converged"]
    assert begun["reconstruction"] < 0.6 * data.var(axis=0).mean()
    drawn = load_generator(trained).sample(60) / 127.5 - 1
    halves = drawn[:, :4].mean((1, 2, 3)) - drawn[:, 4:].mean((1, 2, 3))
    assert (halves > 0.2).any() and (halves < -0.2).any()  # both modes


def test_its_terms_by_hand() -> None:
    torch.manual_seed(0)
    part = TECHNIQUES.build("ae-ot-gan[content=2,feature=3,width=4]")
    inner = NETWORKS.build("dcgan[width=4,norm=none]").generator(ImageShape(8, 1), 2, "none", 0)
    generator = part.alter(inner, 2, 0, lambda: inner)
    assert isinstance(generator, CodesGenerator)
    real = torch.rand(5, 1, 8, 8) * 2 - 1
    made = inner(generator.codes(real), None)
    step = term_context(real=real, fake=real, z=torch.zeros(5, 2), generate=generator)
    nothing = DiscriminatorOutput(torch.zeros(5), torch.zeros(5, 1))
    drift = (generator.codes(made) - generator.codes(real)).square().mean()
    by_hand = 2 * (made - real).square().mean() + 3 * drift
    torch.testing.assert_close(part.generator_term(nothing, nothing, step), by_hand)
    by_hand.backward()
    assert all(p.grad is None for p in generator.encoder.parameters())


def test_resumed_it_ends_with_the_same_weights(trained: Path, tmp_path: Path) -> None:
    import signal

    from gantlet.core.errors import Interrupted

    class Stops(Silent):
        def on_progress(self, step: int, total: int) -> None:
            if step == 3:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted):
        run(config(tmp_path / "b"), images(), observer=Stops())
    run(config(tmp_path / "b"), images(), resume=True, observer=Silent())
    first, second = (load_generator(out).sample(10, seed=1) for out in (trained, tmp_path / "b"))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"conditioning": "projection"}, "takes no labels"),
        ({"techniques": (SPEC, "transport-codes")}, "transport-codes"),
        ({"techniques": ("ae-ot-gan[targets=1]",)}, "targets ≥ 2"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=why):
        run(config(tmp_path / "c", **given), images(), observer=Silent())
