"""The lab four-gans-one-dataset: verdicts on planted distances, its Gaussian, equal time, options, a smoke run."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.core.results.estimate import Estimate
from gantlet.labs import four_gans_one_dataset as lab
from gantlet.labs import timed
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab

FEATURES = "random-conv[size=8,channels=1]"
PICTURES = np.zeros((64, 8, 8, 3), np.uint8)


def arm(distance: float, seconds: float = 10.0) -> lab.Arm:
    estimate = Estimate("frechet_distance", distance, distance - 2, distance + 2, "delta")
    return lab.Arm(estimate, estimate, PICTURES, 100, seconds)


@pytest.mark.parametrize(
    ("worst", "seconds", "verdict", "part"),
    [
        (50.0, 10.0, "reproduced", "CPU seconds 10.0 to 10.0 of 10"),
        (
            97.0,
            10.0,
            "not reproduced",
            "not below the Gaussian of pixels: LSGAN",
        ),  # below it, but the intervals overlap
        (150.0, 10.0, "not reproduced", "not below the Gaussian of pixels: LSGAN"),
        (50.0, 13.0, "not testable here", "did not take equal time"),
    ],
)
def test_verdicts(tmp_path: Path, worst: float, seconds: float, verdict: str, part: str) -> None:
    arms = {name: [arm(30.0)] for name in lab.ARMS} | {lab.BLUR: [arm(100.0)], lab.REAL: [arm(3.0)]}
    arms["LSGAN"] = [arm(worst, seconds)]
    result = lab.conclude(Setting("smoke", out=tmp_path), (0,), arms, 10.0, "planted")
    assert result.verdict == verdict and part in result.why
    assert result.ours.value == worst and result.ours.low == worst - 2 and "LSGAN" in result.measure
    assert [row[0] for row in result.rows] == [*lab.ARMS, lab.BLUR, lab.REAL]


def test_several_seeds_give_the_interval(tmp_path: Path) -> None:
    arms = {name: [arm(30.0), arm(32.0)] for name in lab.ARMS} | {lab.BLUR: [arm(100.0)] * 2, lab.REAL: [arm(3.0)]}
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1), arms, 10.0, "planted")
    assert result.ours.interval == "seeds" and result.ours.value == 31
    assert result.ours.high == pytest.approx(31 + 12.706205, abs=1e-5)  # t of one degree of freedom times s/√2 = 1


def test_the_gaussian_has_the_pixels_moments() -> None:
    images = np.random.default_rng(0).integers(90, 160, (40, 2, 2, 1)).astype(np.uint8)
    drawn = lab.gaussian_images(images, 40_000, 0).reshape(40_000, -1).astype(float)
    pixels = images.reshape(40, -1).astype(float)
    assert np.allclose(drawn.mean(0), pixels.mean(0), atol=0.6)
    assert np.allclose(np.cov(drawn.T), np.cov(pixels.T, bias=True), atol=12)  # variances near 400
    assert np.abs(np.cov(pixels.T, bias=True) - np.diag(np.diag(np.cov(pixels.T)))).max() > 24  # and a diagonal fails


def test_steps_follow_from_the_median_of_the_later_half() -> None:
    clock = (0.0, 9.0, 10.0, 10.5, 11.0, 11.5, 19.0)
    assert timed.per_step(clock) == 0.5
    assert timed.per_step((1.0, 1.0, 1.0)) > 0


def test_arms_differ_in_their_game_alone() -> None:
    setting = Setting("laptop")
    configs = {name: dataclasses.asdict(lab.config(name, setting, 3)) for name in lab.ARMS}
    for key in ("batch", "techniques", "seed", "decay", "conditioning"):
        assert len({str(config[key]) for config in configs.values()}) == 1
    assert configs["DCGAN"] | {"objective": "lsgan"} == configs["LSGAN"]
    assert configs["WGAN-GP"]["discriminator_steps"] == 5 and configs["R3GAN"]["objective"] == "rpgan"


def test_options_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="budget"):
        run_lab("four-gans-one-dataset[budget=-1]", Setting("smoke", out=tmp_path))
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(9):
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (8, 8, 3), np.uint8)).save(folder / f"{i}.png")
    with pytest.raises(TooFewSamples, match="needs 64 images"):
        run_lab(f"four-gans-one-dataset[data={folder},features={FEATURES}]", Setting("smoke", out=tmp_path / "out"))


def test_smoke(tmp_path: Path) -> None:
    result = run_lab(f"four-gans-one-dataset[budget=0.2,features={FEATURES}]", Setting("smoke", out=tmp_path))
    assert [row[0] for row in result.rows] == [*lab.ARMS, lab.BLUR, lab.REAL]
    distances = {str(row[0]): float(row[1] or 0) for row in result.rows}
    assert distances[lab.REAL] < min(value for name, value in distances.items() if name != lab.REAL)
    assert (tmp_path / result.figures[0]).stat().st_size > 20_000
