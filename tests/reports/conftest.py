"""A small finished run, made by code, for the report's tests."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import ModeCount, Report, Suspect


def make_report() -> Report:
    """Return a report with every kind of content."""
    reference = Estimate("coverage", 0.95, 0.93, 0.97, "wilson", n_real=360, n_fake=1437)
    estimates = (
        Estimate(
            "coverage",
            0.83,
            0.79,
            0.87,
            "wilson",
            n_real=360,
            n_fake=1437,
            unit="share of real images",
            lower_is_better=False,
            reference=reference,
        ),
        Estimate(
            "frechet_distance",
            12.5,
            11.0,
            14.1,
            "delta",
            n_real=360,
            n_fake=1437,
            unit="squared feature units",
            lower_is_better=True,
            notes=("n ≤ d",),
        ),
        Estimate("gan_train", None, notes=("undefined: there are no labels",)),
    )
    return Report(
        features={"name": "classifier", "weights_sha256": "0" * 64},
        real="digits[split=test]", fake="run:runs/x@ema", n_real=360, n_fake=1437, seed=0, estimates=estimates,
        verdict=("good: variety: 83 % of the real images have a generated one near them.", "missing: never generated: 7.", "memorised: 5% lie close to one."),
        modes=tuple(ModeCount(str(k), 36, 144 if k != 7 else 0, "" if k != 7 else "missing") for k in range(10)),
        suspects=(Suspect("run#5", "digits#17", 0.1, 0.05, "pictures/a.png", "pictures/a.png"),),
        pictures={"by_class": ["pictures/a.png"], "reals": ["pictures/a.png"]},
        warnings=("1 generated files could not be decoded and were left out: <b>evil</b>.png",),
        seconds={"total": 12.0},
    )  # fmt: skip


@pytest.fixture
def finished_run(tmp_path: Path) -> Path:
    """Return the folder of a finished run."""
    generator = np.random.default_rng(0)
    for name in ("pictures/a.png", "samples/step-00000000.png", "samples/step-00000100.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(tmp_path / name)
    report = make_report()
    report.save(tmp_path / "report.json")
    report.save(tmp_path / "report-best.json")
    events = [
        {
            "event": "log",
            "step": s,
            "images_seen": 64 * s,
            "d_loss": 1 / (s + 1),
            "g_loss": 1.0,
            "real_logits": 0.5,
            "fake_logits": -0.5,
        }
        for s in range(20)
    ]
    events += [
        {
            "event": "evaluate",
            "images_seen": 640 * k,
            "estimates": {
                "frechet_distance": {"value": 20.0 - k, "low": 18.0 - k, "high": 22.0 - k},
                "coverage": {"value": 0.1 * k, "low": 0.1 * k, "high": 0.1 * k},
            },
        }
        for k in range(3)
    ]
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events)) + '\n{"event": "lo')
    (tmp_path / "config.toml").write_text('data = "digits"\n')
    return tmp_path
