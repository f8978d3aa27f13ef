"""Rows of one clip are dependent: intervals over groups hold where intervals over rows are too narrow."""

from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.core.errors import ConfigError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.groups import group_numbers
from gantlet.evaluation.stats.feature_bank import FeatureBank


def test_groups_by_folder_and_by_name() -> None:
    names = ["a/clip_001_0001.png", "a/clip_001_0002.png", "a/clip_002_0001.png", "b/clip_001_0001.png", "b/x.png"]
    assert group_numbers(names, "parent").tolist() == [0, 0, 0, 1, 1]
    assert len(set(group_numbers(names, "stem").tolist())) == 4
    assert group_numbers(["v/f-frame12.png", "v/f-frame13.png"], "stem").tolist() == [0, 0]


def clips(rng: np.random.Generator, groups: int, each: int, *, known: bool) -> FeatureBank:
    """Return ``groups`` clips of ``each`` nearly equal rows."""
    centres = rng.standard_normal((groups, 3))
    rows = np.repeat(centres, each, axis=0) + 0.05 * rng.standard_normal((groups * each, 3))
    return FeatureBank(rows.astype(np.float32), groups=np.repeat(np.arange(groups), each) if known else None)


@pytest.mark.parametrize("known", [True, False])
def test_intervals_over_groups_hold(known: bool) -> None:
    """40 fresh pairs of 40 clips of 8 frames, shifted: the mean of the estimator is held in ≥ 85%; by rows in ≤ 75%."""
    found = []
    for repeat in range(40):
        rng = np.random.default_rng(repeat)
        real, fake = (clips(rng, 40, 8, known=known) for _ in range(2))
        moved = FeatureBank(fake.features + np.float32(0.7), groups=fake.groups)
        found += compute(Evidence(real, moved, seed=repeat), ["kernel_distance"])
    mean = np.mean([estimate.value for estimate in found])
    held = np.mean([estimate.low <= mean <= estimate.high for estimate in found])
    assert held >= 0.85 if known else held <= 0.75
    if known:
        assert "40 of real images, 40 of generated ones" in found[0].notes[-1] and found[0].interval == "subsampling"


def test_few_groups_have_no_interval() -> None:
    rng = np.random.default_rng(0)
    few = [clips(rng, 5, 20, known=True) for _ in range(2)]
    (estimate,) = compute(Evidence(*few), ["kernel_distance"])
    assert estimate.value is not None and estimate.low is None and "it needs 10 a side" in estimate.notes[-1]


def test_the_option_reads_folders(tmp_path: Path) -> None:
    from PIL import Image

    for side, seed in (("real", 0), ("fake", 1)):
        rng = np.random.default_rng(seed)
        for clip in range(12):
            folder = tmp_path / side / f"clip_{clip:03d}"
            folder.mkdir(parents=True)
            base = rng.integers(40, 200, (8, 8))
            for frame in range(4):
                noisy = np.clip(base + rng.integers(-3, 4, (8, 8)), 0, 255).astype(np.uint8)
                Image.fromarray(noisy).save(folder / f"{frame}.png")
    config = gantlet.EvaluateConfig(features="pixels", metrics=("kernel_distance",), cache=False)
    sides = str(tmp_path / "fake"), str(tmp_path / "real")
    plain = gantlet.evaluate(*sides, config)["kernel_distance"]
    import dataclasses

    by_clip = gantlet.evaluate(*sides, dataclasses.replace(config, groups="parent"))["kernel_distance"]
    assert by_clip.value == plain.value and by_clip.high - by_clip.low > 1.2 * (plain.high - plain.low)
    with pytest.raises(ConfigError, match="groups one of parent, stem, none"):
        gantlet.EvaluateConfig(groups="clip")


def class_folders(root: Path, seed: int, names: str) -> str:
    from PIL import Image

    rng = np.random.default_rng(seed)
    for name in names.split():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(root / f"{name}.png")
    return str(root)


@pytest.mark.parametrize(
    ("names", "parent", "stem"),
    [
        ("cat/0 cat/1 dog/0 dog/1 dog/2 elk/0 elk/1 elk/2", True, True),
        ("cat/tom_0 cat/tom_1 cat/max_0 dog/rex_0 dog/rex_1 dog/ace_0", True, False),
        ("cat/tom/0 cat/tom/1 cat/max/0 dog/rex/0 dog/rex/1 dog/ace/0", False, False),
        ("0 1 2 3 4 5", False, False),
    ],
)
def test_classes_taken_for_groups_are_said(tmp_path: Path, names: str, parent: bool, stem: bool) -> None:
    real, fake = (class_folders(tmp_path / side, seed, names) for seed, side in enumerate(("real", "fake")))
    settings = {"features": "pixels", "metrics": ["kernel_distance"], "cache": False}
    for how, warned in (("none", False), ("parent", parent), ("stem", stem)):
        report = gantlet.evaluate(fake, real, groups=how, **settings)
        lines = [line for line in report.warnings if line.startswith("--groups")]
        assert len(lines) == 2 * warned, (how, lines)
        if warned:
            count, files = len({name.split("/")[0] for name in names.split()}), len(names.split())
            assert f"the groups of the real images are their {count} classes" in lines[0]
            assert f"rest on {count} groups, not on {files} images" in lines[1] and "generated" in lines[1]
