"""Several runs of a method: from patterns to mean, interval, split and page; two methods; every wrong turn on the way."""

import json
from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.actions.evaluate_runs import _plan
from gantlet.actions.run_sources import expanded, is_pattern
from gantlet.actions.winners import would_be_found
from gantlet.cli import main
from gantlet.core.errors import DataError, TooFewSamples, UsageError
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.runs import RunsEstimate, Split

QUICK = ["--features", "pixels[size=8]", "--metrics", "frechet_distance,coverage,sharpness,gan_test"]
CONFIG = gantlet.EvaluateConfig(features="pixels[size=8]", metrics=("frechet_distance", "coverage"), cache=False)


def images(seed: int, shift: float = 0.0, n: int = 60) -> np.ndarray:
    """Return n correlated 8×8 images of mean 110 + shift."""
    noise = np.random.default_rng(seed).standard_normal((n, 8, 8))
    smooth = (noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 2)) * 12
    return np.clip(np.rint(110 + shift + smooth), 0, 255).astype(np.uint8)[..., None]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with three runs of method a, three of b, which is shifted, and real images."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for method, shift in (("a", 0.0), ("b", 25.0)):
        for run in range(3):
            seed = 10 * run + (method == "b")
            np.savez(f"{method}-{run}.npz", images=images(seed, shift + rng.normal(0, 2), 60 + 5 * run))
    np.savez("real.npz", images=images(100, n=80))
    np.savez("held.npz", images=images(101, n=60))
    return tmp_path


def test_a_method_is_evaluated_over_its_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "a-*.npz", "--real", "real.npz", "--held-out", "held.npz", *QUICK, "--out", "out"]
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["runs"] == ["a-0.npz", "a-1.npz", "a-2.npz"]
    assert "were cut to 60 each" in result["notes"][0]
    assert result["left_out"]["gan_test"].startswith("run 1: ")
    for found in result["estimates"]:
        values = [run["value"] for run in found["runs"]]
        assert found["estimate"]["value"] == pytest.approx(np.mean(values), rel=1e-12)
        assert found["estimate"]["low"] <= found["estimate"]["value"] <= found["estimate"]["high"]
        assert found["new_low"] <= min(values) and max(values) <= found["new_high"]
        spread = found["split"]["training"] + found["split"]["sampling"]
        assert spread == pytest.approx(np.var(values, ddof=1), rel=1e-9)
        assert {run["n_fake"] for run in found["runs"]} == {60}
    page = (folder / "out" / "runs.html").read_text()
    assert all((folder / "out" / f"run-{place}" / "report.html").is_file() for place in (1, 2, 3))
    assert "3 runs of one method" in page and "http" not in page.replace("http-equiv", "")
    assert main(words) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "is training (another seed)" in shown and "out/runs.html" in shown


def test_two_methods_are_told_apart_over_their_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--a", "a-*.npz", "--b", "b-*.npz", "--real", "real.npz", *QUICK, "--out", "cmp"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Method A is better by frechet_distance, the primary metric" in shown
    assert "3 runs of A and 3 of B" in shown
    stored = json.loads((folder / "cmp" / "methods.json").read_text())
    assert stored["differences"][0]["better"] == "A"
    assert "Method A is better" in (folder / "cmp" / "methods.html").read_text()


def test_two_methods_that_are_one_are_not_told_apart() -> None:
    runs = [gantlet.images(images(run, 3.0 * (run % 3), 50)) for run in range(6)]
    result = gantlet.compare_runs(runs[:3], runs[3:], gantlet.images(images(100, n=80)), CONFIG)
    assert not any(found.better for found in result) and "cannot be told apart" in result.verdict
    assert result["coverage"].detectable > abs(result["coverage"].difference)


def test_methods_whose_runs_all_cover_nothing_are_not_said_to_find_a_difference_of_0() -> None:
    runs = [
        gantlet.points(np.random.default_rng(run).standard_normal((30, 2)).astype(np.float32) + 99) for run in range(5)
    ]
    result = gantlet.compare_runs(
        runs[:2], runs[2:4], gantlet.points(runs[4].points - 99), metrics=["coverage"], cache=False
    )
    assert result["coverage"].detectable is None
    assert "(0 of A and 0 of B, means over runs): it is 0 for both, the worst that it can be" in result.verdict


def test_a_difference_that_no_share_can_have_is_not_said_to_be_findable() -> None:
    assert would_be_found("coverage in pixels", 1.3).startswith("with so few no difference that it can have")
    assert would_be_found("coverage", 0.3, " (half)").startswith("a difference of 0.3 (half) would have been found")
    assert would_be_found("frechet_distance", 1.3).startswith("a difference of 1.3 would")


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["evaluate", "c-*", "--real", "real.npz"], 2, "no run and no folder matches c-*"),
        (["evaluate", "a-0.npz", "a-0.npz", "--real", "real.npz"], 2, "one run is given twice"),
        (["evaluate", "a-0*", "--real", "real.npz"], 2, "at least two runs"),
        (["evaluate", "a-*", "--real", "real.npz", "--fail-if", "coverage < 1"], 2, "--fail-if is about one set"),
        (["compare", "--a", "a-*", "--real", "real.npz"], 2, "--b is missing"),
        (["compare", "--a", "a-0.npz", "a-1.npz", "--b", "a-1.npz", "b-1.npz", "--real", "real.npz"], 2, "and of B"),
    ],
)  # fmt: skip
def test_wrong_calls_get_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int, text: str
) -> None:
    assert main([*words, *QUICK]) == status
    said = capsys.readouterr().err
    assert text in said and "Traceback" not in said


def test_a_pattern_keeps_kind_and_options_and_a_path_is_none(folder: Path) -> None:
    (folder / "odd*name").mkdir()
    assert not is_pattern("odd*name") and is_pattern("a-*.npz") and not is_pattern("digits[split=test]")
    for name in ("r-1", "r-2"):
        (folder / name / "checkpoints").mkdir(parents=True)
        (folder / name / "config.toml").write_text("")
    assert expanded(["run:r-*[which=ema]"]) == ["run:r-1[which=ema]", "run:r-2[which=ema]"]
    (folder / "r-seeds").mkdir()
    (folder / "r-seeds" / "runs.json").write_text("{}")
    assert expanded(["r-*"]) == ["run:r-1", "run:r-2"]
    with pytest.raises(UsageError, match="no run and no folder"):
        expanded(["run:s-*"])


TINY = [
    "--steps",
    "3",
    "--batch",
    "8",
    "--network",
    "dcgan[width=4,norm=none]",
    "--latent",
    "4",
    "--no-evaluate",
    "--sample-every",
    "0",
]


def test_seeds_are_trained_once_and_runs_on_other_data_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "dcgan", "--data", "real.npz", *TINY, "--out", "r"]
    assert main([*words, "--seeds", "2"]) == 0
    assert capsys.readouterr().out.split() == ["r-seed0", "r-seed1"]
    before = (folder / "r-seed1" / "checkpoints" / "final.safetensors").read_bytes()
    assert main([*words, "--seeds", "3"]) == 0
    assert capsys.readouterr().err.count("is trained already") == 2
    assert (folder / "r-seed1" / "checkpoints" / "final.safetensors").read_bytes() == before
    assert main([*words, "--seeds", "1"]) == 2
    assert main([*words, "--seeds", "2", "--resume"]) == 2
    result = gantlet.evaluate_runs("r-seed*", "real.npz", CONFIG, n=20)
    assert len(result.runs) == 3 and isinstance(result["coverage"].split, Split)
    assert main(["train", "dcgan", "--data", "held.npz", *TINY, "--out", "r-seed9"]) == 0
    with pytest.raises(DataError, match=r"trained with data = 'real\.npz'"):
        gantlet.evaluate_runs("r-seed*", "real.npz", CONFIG, n=20)


def test_an_interval_over_one_run_is_refused_in_words() -> None:
    with pytest.raises((UsageError, TooFewSamples), match="at least two runs"):
        gantlet.evaluate_runs([images(0)], images(1), CONFIG)


def test_the_plan_where_runs_do_not_differ_and_where_no_number_of_runs_is_enough() -> None:
    mean = Estimate("frechet_distance", 2.0, 1.9, 2.1, "runs", lower_is_better=True)
    same = RunsEstimate(mean, (mean, mean), 1.9, 2.1, Split(-0.1, 0.0, 0.1))
    assert len(_plan([same], 2, 0.95, mixed=False)) == 1
    many = _plan([RunsEstimate(mean, (mean,) * 400, 1.9, 2.1, Split(1.0, 0.1, 0.1))], 400, 0.95, mixed=False)
    assert "differ by" in many[1] and "half of it" not in many[1]  # beyond 1,000 runs
