"""Two stored reports are compared unpaired, or refused with the differing field named."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.cli import main
from gantlet.core.errors import DataError, UsageError
from gantlet.data.arrays import array_source
from gantlet.data.source import ImageSource

CONFIG = gantlet.EvaluateConfig(features="pixels[size=8]", metrics=("frechet_distance", "coverage"), cache=False)


def images(name: str, seed: int, shift: float, n: int = 300) -> ImageSource:
    pixels = np.random.default_rng(seed).normal(110 + shift, 20, (n, 8, 8, 1)).clip(0, 255)
    return array_source(f"{name}{seed}", pixels.astype(np.uint8))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for name, seed, shift in (("a", 1, 2.0), ("b", 2, 12.0)):
        gantlet.evaluate(images(name, seed, shift), images("real", 3, 0), CONFIG, out=folder / name)
    return folder


def test_stored_estimates_are_compared_unpaired(reports: Path) -> None:
    result = gantlet.compare_reports(reports / "a" / "report.json", reports / "b")
    assert [d.metric for d in result.differences] == ["frechet_distance", "coverage"]
    a, b = (gantlet.Report.from_json((reports / name / "report.json").read_text()) for name in "ab")
    for d in result.differences:
        assert (d.a, d.b, d.paired) == (a[d.metric].value, b[d.metric].value, False)
        assert d.low < d.difference == d.a - d.b < d.high
    fid = result.differences[0]
    assert fid.better == "A" and "A is better" in result.verdict
    # independent: half widths add in squares, each by its longer arm
    arms = [max(e.high - e.value, e.value - e.low) for e in (a["frechet_distance"], b["frechet_distance"])]
    assert (fid.high - fid.low) / 2 == pytest.approx(np.hypot(*arms), rel=1e-12)
    paired = gantlet.compare(images("a", 1, 2.0), images("b", 2, 12.0), images("real", 3, 0), CONFIG).differences[0]
    assert paired.difference == pytest.approx(fid.difference, rel=1e-12)
    assert paired.high - paired.low < fid.high - fid.low


CHANGES = {
    "protocol": {"features": {"protocol": "fid"}},
    "name": {"features": {"name": "inception-v3"}},
    "weights_sha256": {"features": {"weights_sha256": "00"}},
    "package": {"features": {"package": "0.0.1"}},
    "real images": {"digests": {"real": "00"}},
    "training images": {"digests": {"training": "00"}},
    "version of coverage": {"estimates": {"version": 99}},
    "level": {"estimates": {"level": 0.9}},
    "options of coverage": {"estimates": {"details": {"options": {"k": 3}}}},
}


@pytest.mark.parametrize("field", CHANGES)
def test_reports_that_differ_are_refused_with_the_field_named(reports: Path, tmp_path: Path, field: str) -> None:
    raw = json.loads((reports / "b" / "report.json").read_text())
    for part, change in CHANGES[field].items():
        if part == "estimates":
            raw[part][1] |= change
        else:
            raw[part] |= change
    del raw["sha256"]
    (tmp_path / "report.json").write_text(json.dumps(raw))
    with pytest.raises(DataError, match=f"{field} = "):
        gantlet.compare_reports(reports / "a", tmp_path)


def test_wrong_calls(reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = str(reports / "a"), str(reports / "b" / "report.json")
    assert main(["compare", a, b, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differences"][0]["better"] == "A"
    for words, status, sentence in (
        ([a, b, "--level", "0.9"], 2, "as stored"),
        ([a, b, "--real", "digits"], 2, "is a report, not images"),
        (["digits", "digits[split=test]"], 2, "give --real"),
        ([a, a], 2, "the same images"),
    ):
        assert main(["compare", *words]) == status
        (line,) = capsys.readouterr().err.splitlines()
        assert sentence in line
    old = gantlet.Report.from_json(Path(b).read_text())
    dataclasses.replace(old, digests={}).save(tmp_path / "old.json")
    with pytest.raises(DataError, match="does not say which images"):
        gantlet.compare_reports(a, tmp_path / "old.json")
    with pytest.raises(UsageError, match="no stored report"):
        gantlet.compare_reports(a, tmp_path / "nothing")


def test_reports_of_unequal_numbers_are_compared_by_what_does_not_depend_on_them(reports: Path, tmp_path: Path) -> None:
    raw = json.loads((reports / "b" / "report.json").read_text())
    del raw["sha256"]
    for estimate in raw["estimates"]:
        estimate["n_fake"] *= 3
    (tmp_path / "report.json").write_text(json.dumps(raw))
    result = gantlet.compare_reports(reports / "a", tmp_path)
    assert not result.differences
    assert all("depends on their number" in reason for reason in result.left_out.values())
