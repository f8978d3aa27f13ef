"""evaluate --until: rounds grow until the interval is narrow enough; the goal missed is said, wrong calls get one sentence."""

import json
from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.cli import main
from gantlet.core.errors import ConfigError, UsageError
from gantlet.core.results.estimate import Estimate
from gantlet.data.arrays import array_source
from gantlet.evaluation.sequential import joined_source, read_until

MODULE = """
import numpy as np

def noise(n, seed):
    pixels = np.random.default_rng(seed).normal(140, 30, (n, 8, 8, 1))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)

def fails_in_round_two(n, seed):
    if seed:
        raise RuntimeError("out of luck")
    return noise(n, seed)
"""
WORDS = ["--real", "digits[split=test]", "--features", "pixels", "--metrics", "frechet_distance", "--json"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "until_makers.py").write_text(MODULE)
    return tmp_path


def evaluated(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main(["evaluate", "until_makers:noise", *WORDS, *words]) == 0
    return json.loads(capsys.readouterr().out)


def half(report: dict) -> float:
    first = report["estimates"][0]
    assert first["metric"] == "frechet_distance"
    return (first["high"] - first["low"]) / 2 / first["value"]


def test_it_stops_once_the_interval_is_narrow_enough_and_says_how_many(folder, capsys) -> None:
    wide = evaluated(capsys, "--until", "50%")
    assert wide["n_fake"] == 1000
    assert any("1,000 images were drawn" in line for line in wide["warnings"])
    goal = 0.97 * half(wide)
    narrow = evaluated(capsys, "--until", f"{100 * goal}%")
    assert narrow["n_fake"] > 1000
    assert half(narrow) <= goal
    assert narrow["fake"].count(" + ") >= 1


def test_the_numbers_are_those_of_the_same_images_given_at_once(folder, capsys) -> None:
    found = evaluated(capsys, "--until", "0.001%", "--n", "1500")
    import until_makers

    images = np.concatenate([until_makers.noise(1000, 0), until_makers.noise(500, 1)])
    np.savez(folder / "all.npz", x=images)
    assert main(["evaluate", "all.npz", *WORDS]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert found["n_fake"] == whole["n_fake"] == 1500
    for a, b in zip(found["estimates"], whole["estimates"], strict=True):
        assert a["value"] == pytest.approx(b["value"], rel=1e-9)
    assert any("was not reached: after 1,500 images" in line for line in found["warnings"])


def test_wrong_use_is_one_sentence(folder, capsys) -> None:
    for words, part in {
        ("digits", "--until", "1%"): "fixed set of images",
        ("until_makers:noise", "--until", "0.01"): "must be a percentage",
        ("until_makers:noise", "--until", "nan%"): "must be a percentage",
        ("until_makers:noise[n=5]", "--until", "1%"): "leave n= out",
        ("until_makers:noise", "--until", "1%", "--metrics", "modes"): "modes is undefined here",
    }.items():
        assert main(["evaluate", words[0], *WORDS, *words[1:]]) == 2, words
        text = capsys.readouterr().err
        assert part in text and text.count("\n") == 1
    assert main(["evaluate", "until_makers:fails_in_round_two", *WORDS, "--until", "0.001%"]) == 1
    assert "seed=1) raised RuntimeError: out of luck" in capsys.readouterr().err
    with pytest.raises(UsageError, match="fixed set"):
        gantlet.evaluate(array_source("x", np.zeros((4, 8, 8, 1), np.uint8)), "digits", until="1%")


def test_a_metric_without_an_interval_cannot_be_watched(folder, monkeypatch) -> None:
    bare = Estimate("frechet_distance", 2.0)
    monkeypatch.setattr("gantlet.evaluation.sequential.compute", lambda evidence, names: [bare])
    with pytest.raises(UsageError, match="frechet_distance has none"):
        gantlet.evaluate("until_makers:noise", "digits", gantlet.EvaluateConfig(features="pixels"), until="1%")


def test_percentages() -> None:
    assert read_until(" 2.5 %") == pytest.approx(0.025)
    for text in ("0%", "100%", "-1%", "%", "one%"):
        with pytest.raises(ConfigError):
            read_until(text)


def test_joined_sources_read_in_order() -> None:
    parts = [array_source(f"p{k}", np.full((k + 2, 4, 4, 1), k, np.uint8)) for k in range(3)]
    whole = joined_source(parts)
    assert [int(whole.read(i)[0, 0, 0]) for i in range(len(whole))] == [0, 0, 1, 1, 1, 2, 2, 2, 2]
    assert len(set(whole.names)) == 9
