"""Fakes that repeat each other: said in the verdict, and one draw to every interval."""

from pathlib import Path

import numpy as np

import gantlet
from gantlet.evaluation.duplicates import by_picture, repeats
from gantlet.evaluation.stats.feature_bank import FeatureBank

CONFIG = gantlet.EvaluateConfig(features="pixels[size=8]", metrics=("precision", "sharpness"), cache=False)


def images(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8), dtype=np.uint8)


def report(folder: Path, fakes: np.ndarray) -> gantlet.Report:
    paths = []
    for name, x in (("fake", fakes), ("real", images(1, 200)), ("held", images(2, 200))):
        np.savez(folder / f"{name}.npz", x=x)
        paths.append(str(folder / f"{name}.npz"))
    return gantlet.evaluate(paths[0], paths[1], CONFIG, held_out=paths[2])


def test_five_pictures_a_hundred_times_are_five_draws(tmp_path: Path) -> None:
    found = report(tmp_path, np.repeat(images(3, 5), 100, axis=0))
    assert "missing: variety is lost: the 500 generated images show only 5 different pictures." in found.verdict
    assert all(estimate.low is None for estimate in found.estimates), (
        "below ten different pictures there is no interval"
    )
    assert not any(line.startswith("good: precision") for line in found.verdict)


def test_some_repeats_are_a_caution_and_widen_the_interval(tmp_path: Path) -> None:
    fakes = images(3, 200)
    fakes[:60] = fakes[0]
    found = report(tmp_path, fakes)
    assert any(line.startswith("caution: 59 of the 200 generated images repeat another one") for line in found.verdict)
    assert "groups" in " ".join(found["sharpness"].notes)


def test_data_that_repeat_themselves_may_be_generated_so() -> None:
    rng, groups = np.random.default_rng(0), 0
    for _ in range(200):
        fake, real = (
            FeatureBank(np.where(rng.random((150, 1)) < 0.2, 0.0, rng.standard_normal((150, 3))).astype(np.float32))
            for _ in range(2)
        )
        groups += by_picture(fake, real).groups is not None
    assert groups <= 7  # 1 % and 3.5 standard deviations of 200
    assert repeats(FeatureBank(np.zeros((20, 3), np.float32)), real) != (0, 0)


def test_one_picture_a_hundred_times_is_not_excused_by_a_hundred_pictures_twice() -> None:
    rng = np.random.default_rng(0)
    real, fake = (rng.standard_normal((n, 3)).astype(np.float32) for n in (500, 400))
    real[:100] = real[100:200]
    fake[:100] = fake[0]
    assert repeats(FeatureBank(fake), FeatureBank(real)) == (99, 100)
    assert repeats(FeatureBank(fake[99:]), FeatureBank(real)) == (0, 0)
