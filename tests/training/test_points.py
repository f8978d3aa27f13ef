"""Points go through the same loop, checkpoints, folders, samples and evaluations as images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from PIL import Image

from gantlet.actions.evaluate import evaluate
from gantlet.actions.sample import sample
from gantlet.actions.train import train, training_data
from gantlet.core.config import EvaluateConfig, TrainConfig
from gantlet.core.errors import ConfigError, DataError
from gantlet.data.opening import open_source
from gantlet.training.loop import run
from gantlet.training.observer import Measured
from gantlet.training.portrait import scored
from gantlet.training.runs.generator import load_generator

DATA = "mixture[kind=ring,n=400]"


class Watcher(tiny.Watcher):
    def on_evaluate(self, sampler: Any, step: int, images_seen: int) -> Measured:
        assert sampler(5, None).shape == (5, 2)
        return Measured(None, {})


def config(out: Path, **changes: Any) -> TrainConfig:
    values = {"data": DATA, "network": "mlp[width=16,depth=2]", "conditioning": "none", "mirror": False}
    return tiny.config(out, **{**values, **changes})


def test_stops_and_resumes_bit_exactly(tmp_path: Path) -> None:
    data = training_data(open_source(DATA))
    whole = run(config(tmp_path / "a"), data, observer=Watcher())
    run(config(tmp_path / "b", steps=6), data, observer=Watcher())
    resumed = run(config(tmp_path / "b"), data, resume=True, observer=Watcher())
    assert whole.weights_sha256 == resumed.weights_sha256


def test_samples_are_float_points_that_depend_on_their_index_alone(tmp_path: Path) -> None:
    run(config(tmp_path / "a"), training_data(open_source(DATA)), observer=Watcher())
    loaded = load_generator(tmp_path / "a")
    few, many = loaded.sample(3), loaded.sample(130)
    assert (few.dtype, few.shape) == (np.float32, (3, 2))
    np.testing.assert_array_equal(few, many[:3])


@pytest.mark.parametrize("changes", [{"conditioning": "projection"}, {"techniques": ("pacgan[pack=2]", "ema")}])
def test_labels_and_packs(tmp_path: Path, changes: dict[str, Any]) -> None:
    result = run(config(tmp_path / "a", **changes), training_data(open_source(DATA)), observer=Watcher())
    assert result.step == 12
    width, height = Image.open(tmp_path / "a" / "samples" / "step-00000012.png").size
    assert (width, height) == (1000, 312)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "dcgan[norm=none]"}, "--network mlp"),
        ({"techniques": ("diffaugment",)}, "changes images"),
        ({"mirror": True}, "mirror is for images"),
        ({"resolution": 8}, "resolution is for images"),
        ({"conditioning": "concat"}, "use projection"),
    ],
)
def test_what_is_for_images_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        run(config(tmp_path / "a", **changes), training_data(open_source(DATA)), observer=Watcher())


def test_train_sample_evaluate(tmp_path: Path) -> None:
    out = tmp_path / "run"
    report = train(config(out, evaluate_samples=200), say=lambda text: None)
    found = {estimate.metric: estimate for estimate in report.estimates}
    assert {"modes", "high_quality", "mode_kl", "frechet_distance"} <= set(found)
    assert report.features["name"] == "coordinates"
    assert Image.open(out / "samples" / "animation.gif").n_frames == 4  # type: ignore[attr-defined]
    events = (out / "events.jsonl").read_text()
    assert '"high_quality"' in events and '"mode_kl"' in events
    assert (out / "report.html").is_file()
    sample(out, tmp_path / "p.npy", 50)
    again = evaluate(str(tmp_path / "p.npy"), DATA, EvaluateConfig(metrics=("modes", "high_quality")))
    assert [estimate.metric for estimate in again.estimates] == ["modes", "high_quality"]
    assert again.n_fake == 50
    with pytest.raises(ConfigError, match=r"points\.npy"):
        sample(out, tmp_path / "p.zip", 50)
    with pytest.raises(DataError, match="same kind"):
        evaluate(str(tmp_path / "p.npy"), "digits")
    with pytest.raises(ConfigError, match="use coordinates or auto"):
        evaluate(str(tmp_path / "p.npy"), DATA, EvaluateConfig(features="pixels"))


def test_surface_and_gradient_are_the_discriminators(tmp_path: Path) -> None:
    import torch
    from torch import nn

    from gantlet.core.interfaces.modules import DiscriminatorOutput

    class Bowl(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1, dtype=torch.float64))

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> DiscriminatorOutput:
            return DiscriminatorOutput(self.weight * x.square().sum(1), x)

    points = np.array([[1.0, 2.0], [0.0, -1.0]])
    value, gradient = scored(Bowl(), points)
    np.testing.assert_allclose(value, [5, 1])
    np.testing.assert_allclose(gradient, 2 * points)
