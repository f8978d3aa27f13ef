"""The alarm speaks on planted cases and is silent otherwise; numbers that are not finite stop the run, named."""

import json
from pathlib import Path

import pytest
import torch
from tiny import Watcher, config, images
from torch import nn

from gantlet.core.errors import TrainingDiverged
from gantlet.training.loop import run
from gantlet.training.monitor import PATIENCE, Monitor, gradient_norm, sample_variance
from gantlet.training.objectives.rpgan import RelativisticPairing
from gantlet.training.runs.generator import load_generator

HEALTHY = {
    "real_logits_min": -1.0,
    "fake_logits_max": 1.0,
    "generator_gradient": 1.0,
    "sample_variance": 0.2,
    "real_variance": 0.3,
}


@pytest.mark.parametrize(
    ("planted", "word"),
    [
        ({"real_logits_min": 5.0, "fake_logits_max": -5.0}, "discriminator tells every real"),
        ({"generator_gradient": 1e-5}, "gradient"),
        ({"sample_variance": 1e-4}, "collapsed"),
    ],
)
def test_each_symptom_warns_once_after_patience_and_again_after_relief(planted: dict[str, float], word: str) -> None:
    monitor = Monitor()
    assert monitor.update(HEALTHY) == []
    said = [monitor.update({**HEALTHY, **planted}) for _ in range(2 * PATIENCE)]
    assert [index for index, words in enumerate(said) if words] == [PATIENCE - 1]
    assert word in said[PATIENCE - 1][0]
    monitor.update(HEALTHY)
    again = [monitor.update({**HEALTHY, **planted}) for _ in range(PATIENCE)]
    assert [bool(words) for words in again] == [False] * (PATIENCE - 1) + [True]


def test_silent_when_healthy_or_for_less_than_patience() -> None:
    monitor = Monitor()
    for line in range(200):
        planted = {"sample_variance": 0.0} if line % PATIENCE else {}
        assert monitor.update({**HEALTHY, **planted}) == []


def test_alarm_in_the_loop_is_said_and_written(tmp_path: Path) -> None:
    """A generator that barely moves against a fast discriminator: all real images are told from all fakes."""
    watcher = Watcher()
    lost = config(
        tmp_path / "r",
        steps=PATIENCE * 4,
        log_every=1,
        lr_generator=1e-9,
        lr_discriminator=1e-2,
        penalties=(),
        evaluate_every=0,
        techniques=(),
    )
    run(lost, images(), observer=watcher)
    assert any("tells every real image" in message for message in watcher.warnings)
    written = [json.loads(line) for line in (tmp_path / "r" / "events.jsonl").read_text().splitlines()]
    assert [line["message"] for line in written if line["event"] == "warning"] == [
        m.partition(": ")[2] for m in watcher.warnings
    ]


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    sound = RelativisticPairing.discriminator_loss

    def breaks(self: RelativisticPairing, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return sound(self, real, fake) * (float("nan") if len(calls) > 14 else 1.0)  # two calls a step: step 8

    monkeypatch.setattr(RelativisticPairing, "discriminator_loss", breaks)
    with pytest.raises(TrainingDiverged, match=r"step 8: d_loss is not finite.*step-00000006"):
        run(config(tmp_path / "r"), images(), observer=Watcher())
    assert load_generator(tmp_path / "r").sample(3).shape == (3, 8, 8, 1)
    assert json.loads((tmp_path / "r" / "events.jsonl").read_text().splitlines()[-1])["event"] == "diverged"


def test_exploding_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDiverged, match=r"step \d+: .*not finite"):
        run(config(tmp_path / "r", lr_discriminator=1e20, lr_generator=1e20), images(), observer=Watcher())


def test_gradient_norm_is_the_euclidean_one_and_names_the_bad_parameter() -> None:
    layer = nn.Linear(2, 1)
    layer.weight.grad, layer.bias.grad = torch.tensor([[3.0, 0.0]]), torch.tensor([4.0])
    assert gradient_norm(1, "generator", layer.named_parameters()) == pytest.approx(5.0)
    layer.bias.grad = torch.tensor([float("inf")])
    with pytest.raises(TrainingDiverged, match="step 7: the gradient of the generator's bias is not finite"):
        gradient_norm(7, "generator", layer.named_parameters())


def test_sample_variance_is_over_the_batch() -> None:
    images_ = torch.stack([torch.zeros(1, 4, 4), torch.ones(1, 4, 4)])
    assert sample_variance(images_) == pytest.approx(0.5)  # divided by n − 1 = 1: 2·0.25
