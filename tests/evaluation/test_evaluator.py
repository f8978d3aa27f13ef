"""The evaluator in one's own loop: it equals `gantlet.evaluate` on the same images."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gantlet import EvaluateConfig, Evaluator, evaluate
from gantlet.core.errors import DataError, ShapeError

CONFIG = EvaluateConfig(features="pixels[size=8,channels=1]", metrics=("frechet_distance", "coverage"), cache=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loop")
    rng = np.random.default_rng(0)
    for name in ("real", "fake"):
        images = rng.integers(0, 256, (200, 8, 8), dtype=np.uint8)
        np.savez(folder / f"{name}.npz", images=images, labels=np.arange(200) % 4)
    return folder


def test_equals_evaluate(files: Path, tmp_path: Path) -> None:
    judge = Evaluator(str(files / "real.npz"), CONFIG)
    images = torch.from_numpy(np.load(files / "fake.npz")["images"])[:, None]
    report = judge(images.float() / 255, labels=torch.arange(200) % 4, images_seen=640, out=tmp_path)
    expected = evaluate(str(files / "fake.npz"), str(files / "real.npz"), CONFIG)
    assert report.estimates == expected.estimates
    assert report.images_seen == 640 and (tmp_path / "report.json").is_file()


def test_wrong_images_and_labels(files: Path) -> None:
    judge = Evaluator(str(files / "real.npz"), CONFIG)
    images = torch.zeros(20, 1, 8, 8, dtype=torch.uint8)
    with pytest.raises(ShapeError, match="expected 20 labels from 0 to 3"):
        judge(images, labels=torch.full((20,), 4))
    with pytest.raises(DataError):
        judge(torch.full((20, 1, 8, 8), 3.0))
    with pytest.raises(DataError, match="range must be unit"):
        judge(images, range="bytes")
