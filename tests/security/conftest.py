"""The folder that tests of hostile input work in."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.core.drawing.pictures import png

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"


def images(folder: Path, n: int = 12, classes: tuple[str, ...] = ("cat", "dog"), seed: int = 0) -> Path:
    """Write n gray images of 8 × 8 pixels per class."""
    rng = np.random.default_rng(seed)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for i in range(n):
            (folder / name / f"{i}.png").write_bytes(png(rng.integers(0, 256, (8, 8, 1), dtype=np.uint8)))
    return folder


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with real/ and fake/."""
    monkeypatch.chdir(tmp_path)
    images(tmp_path / "real", seed=1)
    images(tmp_path / "fake", seed=2)
    return tmp_path
