"""The diagnosis names what was planted: a class without variety, an outlier on each side, a strip for each mode."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.actions.evaluate import evaluate
from gantlet.core.config import EvaluateConfig
from gantlet.core.results.report import Report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    folder = tmp_path_factory.mktemp("diagnosis")
    chance = np.random.default_rng(0)
    labels = np.arange(600) % 3
    bright = 60 * labels[:, None, None]

    def images() -> np.ndarray:
        return (bright + chance.integers(0, 60, (600, 8, 8))).astype(np.uint8)

    real, fake = images(), images()
    fake[labels == 2] = fake[2]  # one image for the whole class
    real[0], fake[0] = 255, np.indices((8, 8)).sum(0) % 2 * 255
    for name, pixels in (("real", real), ("fake", fake)):
        np.savez(folder / f"{name}.npz", images=pixels, labels=labels)
    config = EvaluateConfig(metrics=("coverage",), features="classifier", cache=False)
    return evaluate(str(folder / "fake.npz"), str(folder / "real.npz"), config, out=folder), folder


def test_the_collapsed_class_is_named(report: tuple[Report, Path]) -> None:
    found, _ = report
    assert [mode.name for mode in found.modes if mode.collapsed] == ["2"]
    assert any("variety is lost inside 2" in line for line in found.verdict)
    healthy = [mode.variety for mode in found.modes if not mode.collapsed]
    assert all(ratio is not None and 0.8 < ratio < 1.25 for ratio in healthy)


def test_outliers_of_both_sides_come_first(report: tuple[Report, Path]) -> None:
    found, folder = report
    first = {side: next(o for o in found.outliers if o.side == side) for side in ("fake", "real")}
    assert first["fake"].name.endswith("#0")
    assert all((folder / outlier.picture).is_file() for outlier in found.outliers)
    ratios = [outlier.ratio for outlier in found.outliers if outlier.side == "real"]
    assert ratios == sorted(ratios, reverse=True)


def test_every_mode_has_its_strip(report: tuple[Report, Path]) -> None:
    found, folder = report
    assert all((folder / mode.picture).stat().st_size > 100 for mode in found.modes)
    assert Report.from_json(found.to_json()).modes == found.modes
