"""The command line from outside: speed of start, exit statuses, one-sentence errors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gantlet.cli import main


def run(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gantlet", *words], capture_output=True, text=True, cwd=folder, check=False
    )


def test_import_and_help_load_no_torch() -> None:
    code = "import sys, gantlet, gantlet.cli; gantlet.cli.main(['--help']); sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def sentence(capsys: pytest.CaptureFixture[str], words: list[str], status: int) -> str:
    assert main(words) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("gantlet: ") and said.err.count("\n") == 1, said.err
    return said.err


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (["evalute"], 2, "did you mean 'evaluate'"),
        (["train", "r3gann"], 2, "did you mean 'r3gan'"),
        (["train", "r3gan", "--stepz", "3"], 2, "did you mean '--steps'"),
        (["train", "--steps", "3"], 2, "needs a recipe"),
        (["train", "missing.toml"], 2, "cannot read the configuration"),
        (["train", "config.toml", "--size", "paper"], 2, "config.toml holds its own values"),
        (["train", "sngan", "--size", "64"], 2, "laptop or paper; got '64' (the images' side in pixels is resolution)"),
        (["train", "ring", "--size=paper"], 2, "recipe 'ring' has no paper size"),
        (["evaluate"], 2, "needs the generated images"),
        (["evaluate", "nowhere/", "--real", "digits"], 1, "nowhere"),
        (["evaluate", "digits", "--real", "digitz"], 2, "did you mean 'digits'"),
        (
            ["evaluate", "digits", "--real", "digits", "--metrics", "coverge", "--features", "pixels"],
            2,
            "did you mean 'coverage'",
        ),
        (["evaluate", "digits", "--real", "digits", "--features", "pixel"], 2, "did you mean 'pixels'"),
        (["sample", "nowhere"], 1, "nowhere"),
        (["report", "nowhere"], 1, "nowhere"),
        (["list", "metric"], 2, "did you mean 'metrics'"),
        (["explain", "coverge"], 2, "did you mean 'coverage'"),
    ],
)
def test_wrong_words_get_one_sentence(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    status: int,
    part: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert part in sentence(capsys, words, status)
    assert list(tmp_path.iterdir()) == []


def test_wrong_images_get_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    for name in ("empty", "texts", "single"):
        (tmp_path / name).mkdir()
    (tmp_path / "texts" / "a.txt").write_text("hello")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "single" / "a.png")
    for name, part in (("empty", "empty"), ("texts", "texts"), ("single", "1 image")):
        assert part in sentence(capsys, ["evaluate", name, "--real", "digits", "--features", "pixels"], 1)


def test_labels_missing_for_a_conditional_recipe(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "a.npz", x=np.zeros((20, 8, 8, 1), np.uint8))
    assert "needs labels" in sentence(capsys, ["train", "cgan", "--data", "a.npz", "--steps", "3"], 2)


def test_list_is_what_other_programs_rely_on() -> None:
    listed = json.loads(run("list", "--json").stdout)
    for kind in (
        "metrics",
        "extractors",
        "sources",
        "objectives",
        "penalties",
        "techniques",
        "conditioning",
        "networks",
        "recipes",
        "solvers",
        "labs",
    ):
        assert kind in listed
        for entry in listed[kind]:
            assert entry["name"] and entry["summary"] and entry["source"], entry


def test_explain_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "coverage"]) == 0
    text = capsys.readouterr().out
    assert "When it lies" in text and "Source: " in text


def test_explain_shows_what_a_recipe_sets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "r3gan"]) == 0
    text = capsys.readouterr().out
    assert "objective = 'rpgan'" in text and "[laptop]" in text
    assert "dict(" not in text


@pytest.mark.parametrize("words", [["list", "metrics"], ["list", "metrics", "--json"], ["explain", "coverage"]])
def test_a_full_disk_behind_stdout_is_one_sentence(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gantlet", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "gantlet: the result could not be printed: No space left on device\n"


@pytest.mark.parametrize(
    ("words", "warned"),
    [
        (
            ["evaluate", "fake.npz", "--real", "real.npz", "--metrics", "precision", "--json"],
            "not cached: cannot write",
        ),
        (
            ["compare", "fake.npz", "real.npz", "--real", "real.npz", "--metrics", "precision", "--json"],
            "/features/pixels/",
        ),
        (["stats", "make", "fake.npz", "--out", "x.safetensors"], "/features/pixels/"),
    ],
)
def test_a_cache_that_cannot_be_written_is_a_warning(words: list[str], warned: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    rng = np.random.default_rng(0)
    for name in ("real", "fake"):
        np.savez(tmp_path / f"{name}.npz", x=rng.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8))
    done = subprocess.run(
        [sys.executable, "-m", "gantlet", *words, "--features", "pixels"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "GANTLET_CACHE": str(tmp_path / "file" / "cache")},
    )  # fmt: skip
    assert done.returncode == 0
    assert any(line.startswith("gantlet: warning: ") and warned in line for line in done.stderr.splitlines())
    assert done.stderr.count("/features/pixels/") == (1 if words[0] == "stats" else 2)
