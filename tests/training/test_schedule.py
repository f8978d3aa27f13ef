"""Learning rates over a run."""

from pathlib import Path

import pytest
import tiny

from gantlet.core.config import TrainConfig
from gantlet.core.errors import CheckpointError, ConfigError
from gantlet.training.loop import run
from gantlet.training.schedule import factor


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


def test_bad_options() -> None:
    for changes in ({"decay": "quadratic"}, {"decay_to": 1.5}):
        with pytest.raises(ConfigError):
            TrainConfig(**changes)  # type: ignore[arg-type]
