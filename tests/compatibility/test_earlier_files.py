"""Files of the version before the three wings still read: a run folder, a report, a statistics file, cached features.

They were made by that version's command line: 6 steps of a 9-kB network on the digits, 40 random images of 6×6 pixels.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import gantlet
from gantlet.actions.statistics import describe_statistics
from gantlet.core.config import TrainConfig
from gantlet.core.results.report import Report
from gantlet.evaluation.features.cache import read
from gantlet.training.runs.events import read_events

EARLIER = Path(__file__).with_name("earlier")
TOLERANCE = 1e-5
"""Of weights and pixels: six float32 steps on another processor."""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EARLIER / "run", tmp_path / "run"))


def test_a_run_is_sampled() -> None:
    images = gantlet.load(EARLIER / "run").sample(5, seed=2)
    assert images.shape == (5, 8, 8, 1)


def test_a_source_draws_what_it_drew(tmp_path: Path) -> None:
    gantlet.sample(EARLIER / "run", tmp_path / "sample.npz", 5, seed=2)
    now, then = (np.load(folder / "sample.npz") for folder in (tmp_path, EARLIER))
    assert now.files == then.files
    for name in now.files:
        assert np.abs(now[name].astype(int) - then[name].astype(int)).max() <= 1


def test_a_run_is_resumed_to_the_same_weights(run: Path) -> None:
    (run / "checkpoints" / "final.safetensors").unlink()
    config = TrainConfig.from_toml(run / "config.toml")
    gantlet.train(
        TrainConfig.from_mapping({"out": str(run), "evaluate": False}, config), resume=True, say=lambda text: None
    )
    now, then = (load_file(folder / "checkpoints/final.safetensors") for folder in (run, EARLIER / "run"))
    assert set(now) == set(then)
    for name in then:
        assert np.allclose(now[name], then[name], atol=TOLERANCE), name


def test_events_and_configuration(run: Path) -> None:
    assert any(event["event"] == "log" for event in read_events(run))
    assert TrainConfig.from_toml(run / "config.toml").techniques == ("mixture-latent[components=3]",)


def test_reports() -> None:
    for path in (EARLIER / "report.json", EARLIER / "run" / "report.json"):
        report = Report.from_json(path.read_text())
        assert (
            json.loads(report.to_json(), object_hook=without_later)["estimates"]
            == json.loads(path.read_text())["estimates"]
        )


def without_later(fields: dict[str, Any]) -> dict[str, Any]:
    """Return JSON's fields without those that earlier estimates did not have."""
    return {name: value for name, value in fields.items() if name not in ("estimand", "equal_n", "votes")}


ROUNDED = 1e-7
"""Square roots of eigenvalues near 0 keep half of the digits, √2.2e-16 = 1.5e-8, and differ so much between processors."""


def test_the_numbers_are_the_same_and_each_has_its_own_n() -> None:
    then = Report.from_json((EARLIER / "report.json").read_text())
    config = gantlet.EvaluateConfig(
        features="pixels[size=4]", metrics=("precision", "frechet_distance", "sharpness", "coverage"), cache=False
    )
    now = gantlet.evaluate(str(EARLIER / "fake.npz"), str(EARLIER / "real.npz"), config)
    for estimate in then.estimates:
        assert now[estimate.metric].value == pytest.approx(estimate.value, rel=ROUNDED)
        if now[estimate.metric].version == estimate.version:  # it rises where the interval changes
            assert now[estimate.metric].high == pytest.approx(estimate.high, rel=ROUNDED)
    assert now.verdict[0].startswith("unclear: no fault found") and not any(
        "as good as real images' own (" in line for line in now.verdict
    )


def test_statistics_stand_for_their_images() -> None:
    path = EARLIER / "statistics.safetensors"
    assert describe_statistics(path)["images"] == 40
    config = gantlet.EvaluateConfig(features="pixels[size=4]", metrics=("frechet_distance",), cache=False)
    by_file, by_images = (
        gantlet.evaluate(str(EARLIER / "fake.npz"), str(real), config) for real in (path, EARLIER / "real.npz")
    )
    assert by_file["frechet_distance"].value == pytest.approx(by_images["frechet_distance"].value, rel=1e-6)
    assert by_file.n_real == 40


def test_cached_features() -> None:
    arrays, made_of, facts = read(EARLIER / "features.safetensors")
    assert arrays["features"].shape == (40, 48)
    assert made_of["extractor"]["name"] == "pixels"
    assert facts == {"bad": []}
