"""The evaluator in one's own loop: it equals `gantlet.evaluate` on the same images."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gantlet import EvaluateConfig, Evaluator, evaluate
from gantlet.core.errors import DataError, ShapeError, UsageError

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
    report = judge(images.float() / 255, range="unit", labels=torch.arange(200) % 4, images_seen=640, out=tmp_path)
    expected = evaluate(str(files / "fake.npz"), str(files / "real.npz"), CONFIG)
    assert report.estimates == expected.estimates
    assert report.images_seen == 640 and (tmp_path / "report.json").is_file()


def test_wrong_images_and_labels(files: Path) -> None:
    judge = Evaluator(str(files / "real.npz"), CONFIG)
    images = torch.zeros(20, 1, 8, 8, dtype=torch.uint8)
    with pytest.raises(ShapeError, match="expected 20 labels from 0 to 3"):
        judge(images, labels=torch.full((20,), 4))
    with pytest.raises(DataError):
        judge(torch.full((20, 1, 8, 8), 3.0), range="unit")
    with pytest.raises(UsageError, match="not guessed: give range='unit'"):
        judge(torch.rand(20, 1, 8, 8))
    with pytest.raises(DataError, match="range must be unit"):
        judge(images, range="bytes")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([], r"shape \(0,\)"),
        (["a"] * 20, "of type <U1"),
        (np.full(20, 0.5), "of type float64"),
        (np.full((20, 1), 1), r"shape \(20, 1\)"),
        (np.full(20, -1), "from -1 to -1"),
    ],
)
def test_labels_that_are_no_class_indices(files: Path, labels: object, reason: str) -> None:
    judge = Evaluator(str(files / "real.npz"), CONFIG)
    with pytest.raises(ShapeError, match=f"expected 20 labels from 0 to 3.*{reason}"):
        judge(torch.zeros(20, 1, 8, 8, dtype=torch.uint8), labels=labels)


def test_lists_of_bfloat16_and_labels_as_tensors(files: Path) -> None:
    judge = Evaluator(str(files / "real.npz"), CONFIG)
    images = torch.from_numpy(np.load(files / "fake.npz")["images"])[:, None]
    halves = (images / 255).bfloat16()
    expected = judge(halves.float(), range="unit", labels=np.arange(200) % 4)
    found = judge(list(halves), range="unit", labels=[torch.tensor(i % 4) for i in range(200)])
    assert found.estimates == expected.estimates
