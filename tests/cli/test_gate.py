"""The gate from outside: exit statuses, what is written, and the workflow of the documentation."""

import json
import re
import shlex
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "gate.md").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("gate")
    rng = np.random.default_rng(0)
    for name in ("fakes", "photos", "earlier"):
        (root / name).mkdir()
        for i in range(120):
            Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(root / name / f"{i}.png")
    return root


PIXELS = ["--real", "photos", "--features", "pixels[size=8,channels=1]", "--metrics", "coverage"]


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (["--fail-if", "coverage < 0.1", "--fail-if", "copies > 0"], 0, "gate met: 2 of 2 checks passed"),
        (["--fail-if", "coverage < 0.1", "--fail-if", "coverage > 0.1"], 3, "gate not met: of 2 checks 1 failed"),
        (["--fail-if", "gan_test < 0.1"], 4, "gate undefined: of 1 check 1 undefined"),
        (["--fail-if", "coverage < x"], 2, "is no number"),
        (["--fail-if-worse"], 2, "--baseline report.json"),
        (["--baseline", "photos"], 2, "add it"),
        (["--baseline", "nowhere", "--fail-if-worse"], 1, "no report.json"),
        (["--junit", "gate.xml"], 2, "give --fail-if"),
        (["--summary", "nowhere/s.md"], 1, "there is no folder nowhere"),
    ],
)
def test_the_outcome_is_the_exit_status(
    words: list[str],
    status: int,
    part: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert main(["evaluate", "fakes", *PIXELS, "--out", "out", *words]) == status
    said = capsys.readouterr()
    assert part in said.out + said.err


def test_a_baseline_is_never_what_the_run_replaces(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main(["evaluate", "earlier", *PIXELS, "--out", "accepted"]) == 0
    before = (folder / "accepted" / "report.json").read_bytes()
    (folder / "linked").symlink_to("accepted")
    (folder / "one").mkdir()
    (folder / "one" / "report.json").symlink_to("../accepted/report.json")
    for baseline, out in (
        ("accepted", ["--out", "accepted"]),
        ("accepted/report.json", ["--out", "./accepted/"]),
        ("linked", ["--out", "accepted"]),
        ("accepted", ["--out", "linked"]),
        ("one", ["--out", "accepted"]),
        ("one/report.json", ["--out", "one"]),
        ("gantlet-report", []),
        ("gantlet-report/report.json", []),
    ):
        assert main(["evaluate", "fakes", *PIXELS, *out, "--baseline", baseline, "--fail-if-worse"]) == 2
        assert "it would be replaced" in capsys.readouterr().err
    assert (folder / "accepted" / "report.json").read_bytes() == before
    words = ["evaluate", "earlier", *PIXELS, "--out", "elsewhere", "--baseline", "accepted", "--fail-if-worse"]
    assert main(words) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["nowhere/", *PIXELS, "--fail-if", "coverage < 0.1"],
        ["fakes", *PIXELS, "--baseline", "nowhere", "--fail-if-worse"],
        ["fakes", *PIXELS, "--fail-if", "coverge < 0"],
        ["fakes", "--real", "nowhere/", "--fail-if", "coverage < 0.1"],
    ],
)
def test_files_for_others_tell_of_a_run_that_failed(
    words: list[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    stale = '<testsuites name="gantlet gate" tests="1" failures="0" errors="0"/>'
    (tmp_path / "gate.xml").write_text(stale)
    (tmp_path / "s.md").write_text("of an earlier step\n")
    files = ["--junit", str(tmp_path / "gate.xml"), "--summary", str(tmp_path / "s.md")]
    assert main(["evaluate", *words, "--out", str(tmp_path / "out"), *files]) in (1, 2)
    (suite,) = ElementTree.fromstring((tmp_path / "gate.xml").read_text())
    assert (suite.get("errors"), suite[0][0].tag) == ("1", "error")
    assert "coverge" in suite[0][0].get("message", "") or "nowhere" in suite[0][0].get("message", "")
    assert (tmp_path / "s.md").read_text().startswith("of an earlier step\n### gantlet: no result")


def test_json_stays_json(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    assert main(["evaluate", "fakes", *PIXELS, "--out", "out", "--json", "--fail-if", "recall < 0.99"]) == 3
    said = capsys.readouterr()
    assert {e["metric"] for e in json.loads(said.out)["estimates"]} == {"coverage", "recall"}
    assert "added for --fail-if: recall" in said.err and "gate not met" in said.err


def workflow_commands() -> list[list[str]]:
    """Return the commands of the page's workflow, as the runner's shell would split them."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    found = re.findall(r"run: (?:>\n((?: {10}.*\n)+)|(.+)\n)", text)
    return [shlex.split(" ".join((folded or line).split())) for folded, line in found]


def test_the_workflow_of_the_page_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    install, generate, command = workflow_commands()
    assert (install, generate) == (["pip", "install", "gantlet"], ["python", "generate.py"])
    assert command[0] == "gantlet"
    metrics = command[command.index("--metrics") + 1]
    words = [word.replace("$GITHUB_STEP_SUMMARY", "summary.md") for word in command[1:]]
    assert main(["evaluate", "earlier", "--real", "photos/", "--metrics", metrics, "--out", "baseline"]) == 0
    assert main(words) in (0, 3)
    said = capsys.readouterr()
    assert "✓ copies > 0: copies = 0" in said.out and "worse than the baseline" in said.out
    assert (folder / "summary.md").read_text().startswith("### gantlet: fakes/ against photos/")
    assert "<testsuites" in (folder / "gate.xml").read_text()
    assert (folder / "gantlet-report" / "report.html").is_file()


def test_the_page_lists_the_statuses_of_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for status, words in ((3, "gate not met"), (4, "gate undefined")):
        assert f"{status} {words}" in shown
        assert re.search(rf"^\| {status} \|", PAGE, re.MULTILINE)
