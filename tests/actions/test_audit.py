"""`gantlet audit` from end to end: table, figures, JSON, verdict in words, wrong input."""

import json
from pathlib import Path

import numpy as np
import pytest

from gantlet.actions.audit import audit
from gantlet.cli import main
from gantlet.core.errors import ConfigError, UnknownName, UsageError
from gantlet.evaluation.audit.config import AuditConfig


@pytest.fixture
def images(tmp_path: Path) -> str:
    chance = np.random.default_rng(0)
    labels = np.arange(400) % 4
    pixels = chance.integers(0, 60, (400, 8, 8)) + 40 * labels[:, None, None]
    np.savez(tmp_path / "real.npz", images=pixels.astype(np.uint8), labels=labels)
    return str(tmp_path / "real.npz")


def test_from_the_command_line(images: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["audit", "--data", images, "--features", "pixels[size=8,channels=1]", "--n", "60", "--out"]
    words += [str(tmp_path / "out"), "--metrics", "frechet_distance", "precision", "inception_score"]
    assert main([*words, "--failures", "noise", "collapse", "shift"]) == 0
    text = capsys.readouterr().out
    assert "precision in pixels[size=8,channels=1]: misses modes collapsed" in text
    assert "inception_score was left out: undefined" in text
    result = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert [planted["name"] for planted in result["failures"]] == ["noise", "collapse", "shift"]
    assert len(result["figures"]) == 2
    assert all((tmp_path / "out" / figure).stat().st_size > 10_000 for figure in result["figures"])


def test_the_same_seed_gives_the_same_result(images: str) -> None:
    config = AuditConfig(images, ("pixels[size=8,channels=1]",), ("precision",), ("collapse",), n=60, cache=False)
    first, second = audit(config), audit(config)
    assert first.curves == second.curves
    assert len(audit(AuditConfig.from_mapping({"seeds": 2}, config)).curves[0].z) == 2


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"n": 3}, ConfigError, "expected n ≥ 60 or 0"),
        ({"failures": ("blurr",)}, UnknownName, "did you mean 'blur'"),
        ({"metrics": ("fid",)}, UsageError, "FID is the Fréchet distance"),
        ({"features": ()}, ConfigError, "features not empty"),
    ],
)
def test_wrong_settings(settings: dict[str, object], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        audit(AuditConfig(**settings))  # type: ignore[arg-type]


@pytest.mark.slow
def test_cifar_inception_score_misses_intra_class_collapse_and_fd_and_coverage_are_not(shared: Path) -> None:
    data = f"{shared / 'data' / 'cifar10' / 'cifar10_jpeg_10000_2000.zip'}[split=train]"
    metrics = ("inception_score", "frechet_distance", "coverage")
    result = audit(AuditConfig(data, ("classifier",), metrics, ("collapse",), n=2000))
    score, distance, coverage = (result.curve("classifier", name, "collapse") for name in metrics)
    assert score.detected == 0
    assert min(distance.detected, coverage.detected) >= 0.8
