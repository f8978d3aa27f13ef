"""Learning rates over a run."""

from pathlib import Path

import pytest
import tiny
import torch

from gantlet.core.config import TrainConfig
from gantlet.core.errors import CheckpointError, ConfigError
from gantlet.training.loop import run
from gantlet.training.schedule import factor, set_rates


def test_by_hand() -> None:
    linear = TrainConfig(steps=100, decay="linear", decay_to=0.2)
    assert [factor(linear, step) for step in (0, 50, 100)] == pytest.approx([1, 0.6, 0.2])
    cosine = TrainConfig(steps=100, decay="cosine", decay_to=0.2)
    assert [factor(cosine, step) for step in (0, 50, 100)] == pytest.approx([1, 0.6, 0.2])
    assert factor(cosine, 25) > factor(linear, 25)
    assert factor(TrainConfig(steps=100), 99) == 1


def test_a_falling_rate_fixes_the_number_of_steps(tmp_path: Path) -> None:
    run(tiny.config(tmp_path, steps=6, decay="linear"), tiny.images(), observer=tiny.Watcher())
    with pytest.raises(CheckpointError, match="steps was 6, is 12"):
        run(tiny.config(tmp_path, decay="linear"), tiny.images(), resume=True, observer=tiny.Watcher())


def test_second_moments_move_by_half_a_cosine() -> None:
    config = TrainConfig(steps=4, decay="linear", beta1=0.5, beta2=0.9, beta2_to=0.98)
    adam = torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    rmsprop = torch.optim.RMSprop([torch.zeros(1, requires_grad=True)])
    found = []
    for step in range(5):
        set_rates(config, step, {"generator": adam, "discriminator": rmsprop})
        assert adam.param_groups[0]["betas"][0] == 0.9  # torch's default: β₁ is not touched
        assert rmsprop.param_groups[0]["alpha"] == adam.param_groups[0]["betas"][1]
        found.append(rmsprop.param_groups[0]["alpha"])
    r = 0.04 * 2**-0.5
    assert found == pytest.approx([0.9, 0.94 - r, 0.94, 0.94 + r, 0.98])


def test_bad_options() -> None:
    for changes in (
        {"decay": "quadratic"},
        {"decay_to": 1.5},
        {"beta2_to": 0.99},
        {"beta2_to": 1.0, "decay": "linear"},
    ):
        with pytest.raises(ConfigError):
            TrainConfig(**changes)  # type: ignore[arg-type]
