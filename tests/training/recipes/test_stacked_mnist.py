"""The recipe stacked-mnist counts a thousand modes and their KL inside the loop and in the report."""

import dataclasses
import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from gantlet.actions.train import train
from gantlet.data.opening import open_source
from gantlet.training import recipes


def idx(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def digits_as_mnist(tmp_path: Path) -> Path:
    """The built-in 8×8 digits, each pixel tripled and framed to 28×28, in MNIST's files."""
    for split, name in (("train", "train"), ("test", "t10k")):
        source = open_source(f"digits[split={split}]")
        images = np.stack([np.kron(source.read(i)[:, :, 0], np.ones((3, 3), np.uint8)) for i in range(len(source))])
        images = np.pad(images, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
        (tmp_path / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        assert source.labels is not None
        (tmp_path / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(source.labels.astype(np.uint8))))
    return tmp_path


@pytest.mark.slow
def test_reports_modes_and_kl_in_the_loop_and_at_the_end(digits_as_mnist: Path, tmp_path: Path) -> None:
    """Four untrained steps; 50 samples cannot find more than 50 modes, 1,000 not more than 1,000 of the thousand."""
    out = tmp_path / "run"
    config = dataclasses.replace(
        recipes.load("stacked-mnist"), data=f"stacked-mnist[root={digits_as_mnist},n=200]", out=str(out), steps=4,
        batch=8, evaluate_every=16, evaluate_samples=50, log_every=4, sample_every=0, device="cpu",
    )  # fmt: skip
    report = train(config, say=lambda text: None)
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    found = [event["estimates"] for event in events if "estimates" in event]
    assert len(found) == 2
    for estimates in found:
        assert 1 <= estimates["modes"]["value"] <= 50
        # undefined, and then left out, where fakes hit a mode of no real image
        assert estimates.get("mode_kl", {"value": 1.0})["value"] > 0
    final = {estimate.metric: estimate for estimate in report.estimates}
    assert final["modes"].details["classes"] == 1000 and sum(final["modes"].details["fake"]) == 1000
    assert final["mode_kl"].value is not None or "no real image" in final["mode_kl"].notes[0]
    assert report.features["name"] == "stacked-digits"
