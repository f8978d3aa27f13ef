"""A report is computed anew to the last digit, or the first stage that differs is named; a stranger's report opens nothing elsewhere."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.cli import main
from gantlet.core.errors import DataError, UntrustedError
from gantlet.core.results.report import Report


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with images and a report on them in `out`."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    for seed, name in enumerate(("fake", "real", "held")):
        np.savez(f"{name}.npz", x=np.random.default_rng(seed).integers(0, 256, (60 + seed, 8, 8), dtype=np.uint8))
    words = [
        "--features",
        "pixels[size=8]",
        "--metrics",
        "recall[k=4]",
        "frechet_distance",
        "--n",
        "50",
        "--seed",
        "3",
    ]
    assert main(["evaluate", "fake.npz", "--real", "real.npz", "--held-out", "held.npz", *words, "--out", "out"]) == 0
    return place


def test_every_digit_comes_out_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = gantlet.replay("out")
    assert result.same and result.numbers == 18 and result.apart == 0
    capsys.readouterr()
    assert main(["replay", "out/report.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stage"] == ""


def changed(folder: Path, **fields: object) -> str:
    """Save the report with other fields, as another version or machine would have written it."""
    dataclasses.replace(Report.load(folder / "out"), **fields).save(folder / "other.json")  # type: ignore[arg-type]
    return str(folder / "other.json")


def test_the_first_stage_that_differs_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report.load(folder / "out")
    first, *rest = report.estimates
    assert first.value is not None
    rounding = changed(folder, estimates=(dataclasses.replace(first, value=first.value * (1 + 1e-9)), *rest))
    found = gantlet.replay(rounding)
    assert found.stage == "numbers" and "value of recall was" in found.text and "rounding" in found.text
    other = gantlet.replay(changed(folder, estimates=(dataclasses.replace(first, value=first.low), *rest)))
    assert other.stage == "numbers" and "rounding" not in other.text
    older = gantlet.replay(changed(folder, estimates=(dataclasses.replace(first, version=first.version + 1), *rest)))
    assert older.stage == "versions" and older.text.startswith("version of recall was")
    spoken = gantlet.replay(changed(folder, verdict=(*report.verdict[:-1], "good: all is well")))
    assert spoken.stage == "verdict"
    np.savez("held.npz", x=np.zeros((70, 8, 8), np.uint8))
    assert gantlet.replay("out").text.startswith("the held-out images are others")
    assert main(["replay", "out"]) == 1
    assert "the held-out images" in capsys.readouterr().out


def test_a_report_that_cannot_be_replayed_says_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="does not hold its settings"):
        gantlet.replay(changed(folder, settings={}))
    (folder / "fake.npz").unlink()
    assert main(["replay", "out"]) == 1
    assert "cannot be replayed from this folder: there is no file or folder 'fake.npz'" in capsys.readouterr().err


def test_a_strangers_report_opens_nothing_elsewhere_and_runs_nothing(folder: Path) -> None:
    np.savez(folder.parent / "secret.npz", x=np.zeros((70, 8, 8), np.uint8))
    settings = Report.load(folder / "out").settings
    for fields in (
        {"fake": "../secret.npz"},
        {"real": "evil:images"},
        {"settings": {**settings, "held_out": str(folder.parent / "secret.npz")}},
        {"settings": {**settings, "features": "evil:c"}},
        {"settings": {**settings, "metrics": ["evil:c"]}},
    ):
        with pytest.raises(UntrustedError):
            gantlet.replay(changed(folder, **fields))
