"""ppl: closed forms for generators whose paths are known, trimming, and a run's own generator end to end."""

import json
from pathlib import Path

import numpy as np
import pytest
from covering import Case, covers
from draws import rows
from scipy.stats import trim_mean

from gantlet.cli import main
from gantlet.core.numerics.latents import slerp
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.ppl import EPSILON, path_lengths, trimmed_mean
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.latent import LatentSpace


def test_a_linear_generator_has_the_length_of_its_path() -> None:
    """For f(G(z)) = z the squared speed is |d slerp/dt|², here by central differences in float64."""
    seen: list[np.ndarray] = []

    def features(z: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        seen.append(z)
        return z

    found = path_lengths(LatentSpace(8, features), 400, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 400, 8))
    t, h = rng.uniform(size=400), 1e-6
    speed = (slerp(a, b, t + h) - slerp(a, b, t - h)) / (2 * h)
    # float32 latents of size 3: 2e-7 each over ε = 1e-4 is 2e-3 on a speed of about 4, and ε itself bends 1e-4.
    assert np.median(np.abs(found / np.square(speed).sum(axis=1) - 1)) < 3e-3
    assert seen[0].dtype == np.float32


def test_the_trimmed_mean_is_scipys_and_its_variance_that_of_repeats() -> None:
    values = np.random.default_rng(1).exponential(size=1000)
    assert trimmed_mean(values)[0] == pytest.approx(trim_mean(values, 0.01))
    means = [trimmed_mean(np.random.default_rng(s).exponential(size=1000))[0] for s in range(400)]
    # 400 repeats know a standard deviation to 3.5 %.
    assert trimmed_mean(values)[1] ** 0.5 == pytest.approx(np.std(means), rel=0.15)


def test_a_conditional_generator_gets_one_class_a_path() -> None:
    asked: list[np.ndarray | None] = []

    def features(z: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        asked.append(labels)
        return z

    path_lengths(LatentSpace(4, features, (30, 0, 10)), 200, np.random.default_rng(0))
    assert np.array_equal(asked[0], asked[1])
    assert asked[0] is not None and np.bincount(asked[0], minlength=3)[1] == 0
    assert 120 < (asked[0] == 0).sum() < 180


def test_a_generator_that_ignores_z_scores_zero_and_one_dimension_is_too_few() -> None:
    rng = np.random.default_rng(0)
    real, fake = (FeatureBank(rng.standard_normal((20, 3)).astype(np.float32)) for _ in range(2))
    flat = LatentSpace(5, lambda z, _: np.zeros((len(z), 3), np.float32))
    assert compute(Evidence(real, fake, given={"generator": flat}), ["ppl"])[0].value == 0
    line = LatentSpace(1, lambda z, _: z)
    assert "2 latent dimensions" in compute(Evidence(real, fake, given={"generator": line}), ["ppl"])[0].notes[0]
    assert EPSILON == 1e-4


def test_a_runs_generator_is_walked_without_rounding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny = ["--steps", "2", "--batch", "8", "--network", "dcgan[width=4,norm=none]", "--latent", "4"]
    assert main(["train", "digits", *tiny, "--no-evaluate", "--out", "run"]) == 0
    capsys.readouterr()
    words = ["evaluate", "run:run[n=50]", "--real", "digits[split=test]", "--metrics", "ppl", "--json"]
    assert main([*words, "--features", "pixels[size=8,channels=1]"]) == 0
    found = json.loads(capsys.readouterr().out)["estimates"][0]
    # Rounded to 8 bits, a step of 1e-4 would mostly move nothing, and by whole levels elsewhere: zeros or thousands.
    assert 0 < found["value"] < 100
    assert found["low"] > 0


@covers("ppl", given="the generator")
def test_the_interval_covers_the_mean_over_fresh_paths() -> Case:
    mixing = np.random.default_rng(0).standard_normal((6, 5)).astype(np.float32)
    images = rows(np.random.default_rng(1), 10, 5)
    return Case(
        lambda seed: Evidence(
            images, images, seed, given={"generator": LatentSpace(6, lambda z, _: np.tanh(z @ mixing))}
        )
    )
