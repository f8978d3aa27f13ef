"""Held-out images of another distribution than the real ones are said to be so, and honest ones seldom are."""

from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.evaluation.mode_counts import Assigned, mode_counts
from gantlet.evaluation.unlike import BY_CHANCE, own_neighbours


def classed(path: Path, n: int, seed: int, classes: int = 10, *, labels: bool = True) -> str:
    """Save n images of so many of ten classes, each with a mean of its own, with labels or without."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, n)
    images = np.clip(20 * label[:, None, None] + rng.normal(30, 8, (n, 8, 8)), 0, 255).astype(np.uint8)
    np.savez(path, images=images, **({"labels": label} if labels else {}))
    return str(path)


def said(tmp_path: Path, held_out: str, *, labels: bool, metrics: tuple[str, ...]) -> list[str]:
    real, fake = (classed(tmp_path / f"{i}.npz", 300, i, labels=labels) for i in (0, 1))
    config = gantlet.EvaluateConfig(features="pixels[size=8]", metrics=metrics, held_out=held_out, cache=False)
    return [
        line
        for line in gantlet.evaluate(fake, real, config).verdict
        if line.startswith("caution: the held-out images are not like")
    ]


def test_classes_that_the_held_out_images_lack_are_named(tmp_path: Path) -> None:
    held_out = classed(tmp_path / "h.npz", 300, 2, 5)
    (line,) = said(tmp_path, held_out, labels=True, metrics=("coverage",))
    assert line.startswith("caution: ") and "classes not among them: 5, 6, 7, 8, 9" in line


def test_without_labels_an_unbiased_distance_tells(tmp_path: Path) -> None:
    held_out = classed(tmp_path / "h.npz", 300, 2, 5, labels=False)
    (line,) = said(tmp_path, held_out, labels=False, metrics=("coverage", "kernel_distance"))
    assert "kernel_distance between them is" in line or "nearest-neighbour" in line


@pytest.mark.parametrize("seed", range(2, 8))
def test_honest_held_out_images_pass(tmp_path: Path, seed: int) -> None:
    held_out = classed(tmp_path / "h.npz", 300, seed)
    assert said(tmp_path, held_out, labels=True, metrics=("kernel_distance", "frechet_distance_debiased")) == []


def test_nothing_rests_on_held_out_images_that_are_not_like_the_real_ones(tmp_path: Path) -> None:
    held_out = classed(tmp_path / "h.npz", 300, 2, 5)
    real, fake = (classed(tmp_path / f"{i}.npz", 300, i) for i in (0, 1))
    config = gantlet.EvaluateConfig(features="pixels[size=8]", metrics=("coverage",), held_out=held_out, cache=False)
    report = gantlet.evaluate(fake, real, config)
    assert all(estimate.reference is None and estimate.equal_n is None for estimate in report)
    assert not any(line.startswith(("good", "memorised", "poor")) for line in report.verdict)
    assert any("memorisation was not tested: the held-out images are not like" in line for line in report.verdict)


def test_shares_that_differ_by_chance_withhold_nothing() -> None:
    """At 1 % over the classes 2 of 200 honest pairs would be said to differ; at 1 in 4,000, 2 or more have probability .001."""
    rng, differ = np.random.default_rng(0), 0
    for _ in range(200):
        real, held_out = rng.integers(0, 10, (2, 300))
        found = mode_counts(Assigned(real), Assigned(held_out), [str(i) for i in range(10)], 1 - BY_CHANCE)
        differ += any(mode.verdict for mode in found)
    assert differ <= 1


def test_it_is_looked_for_whatever_metrics_are_asked_for(tmp_path: Path) -> None:
    held_out = str(tmp_path / "noise.npz")
    np.savez(held_out, images=np.random.default_rng(9).integers(0, 256, (300, 8, 8), dtype=np.uint8))
    (line,) = said(tmp_path, held_out, labels=False, metrics=("coverage",))
    assert "of the real images have their nearest neighbour in their own set" in line


def test_neighbours_tell_honest_sets_apart_hardly_ever(tmp_path: Path) -> None:
    rng, lines = np.random.default_rng(1), 0
    for repeat in range(150):  # 150 pairs at once in 4,000 each side: 2 or more have probability .003
        sides = [rng.standard_normal((120, (2, 8, 64)[repeat % 3])).astype(np.float32) for _ in range(2)]
        lines += bool(own_neighbours(sides[0], sides[1], 1 << 28))
    assert lines <= 1


def blurred_pairs(tmp_path: Path, sigma: float, seed: int) -> tuple[str, str, str]:
    from scipy.ndimage import gaussian_filter

    paths = []
    for name, blur in (("real", 0.0), ("fake", 0.0), ("held", sigma)):
        rng = np.random.default_rng([seed, len(paths)])
        images = gaussian_filter(rng.normal(0, 1, (200, 16, 16)), (0, 2, 2)) * 150 + rng.normal(128, 4, (200, 16, 16))
        if blur:
            images = gaussian_filter(images, (0, blur, blur))
        np.savez(path := tmp_path / f"{name}{seed}.npz", images=np.clip(images, 0, 255).astype(np.uint8))
        paths.append(str(path))
    return paths[0], paths[1], paths[2]


def test_blurred_held_out_images_are_noticed_where_the_features_hardly_see_blur(tmp_path: Path) -> None:
    for sigma, seed, noticed in ((0.6, 0, True), (0.0, 1, False), (0.0, 2, False)):
        real, fake, held_out = blurred_pairs(tmp_path, sigma, seed)
        config = gantlet.EvaluateConfig(features="random-conv", metrics=("coverage",), held_out=held_out, cache=False)
        lines = [line for line in gantlet.evaluate(fake, real, config).verdict if "not like the real ones (" in line]
        assert len(lines) == noticed and all("less sharp, median" in line for line in lines)


def test_pictures_that_are_stored_twice_are_no_neighbours_of_their_own(tmp_path: Path) -> None:
    """A twin is always the nearest neighbour: 11 of 15 honest held-out sets were called unlike."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        real, fake, held_out = (rng.integers(0, 256, (150, 8, 8), dtype=np.uint8) for _ in range(3))
        for name, images in (("real", np.concatenate([real, real])), ("held", held_out)):
            np.savez(tmp_path / f"{name}{seed}.npz", images=images)
        settings = {
            "features": "pixels[size=8]",
            "metrics": ["coverage"],
            "cache": False,
            "held_out": str(tmp_path / f"held{seed}.npz"),
        }
        verdict = gantlet.evaluate(fake, str(tmp_path / f"real{seed}.npz"), **settings).verdict
        assert not any("not like the real ones" in line for line in verdict), verdict
