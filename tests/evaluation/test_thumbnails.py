"""Copies that were changed are found by an evaluation, whatever its features see."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gantlet
from gantlet.core.results.report import Report
from gantlet.evaluation import thumbnails
from gantlet.evaluation.copies import Closeness, copy_test
from gantlet.evaluation.thumbnails import PLANTED, compressed, shifted


def pictures(n: int, seed: int) -> np.ndarray:
    """Return n smooth random pictures, uint8 [n, 40, 40, 3]."""
    noise = np.random.default_rng(seed).standard_normal((n, 8, 8, 3))
    small = (110 + 45 * noise).clip(0, 255).astype(np.uint8)
    return np.stack([np.asarray(Image.fromarray(each).resize((40, 40))) for each in small])


def saved(folder: Path, *, cache: bool = False) -> gantlet.EvaluateConfig:
    """Write training and held-out images; return the settings that name them."""
    for name, images in (("train", pictures(600, 0)), ("held", pictures(300, 1))):
        np.savez(folder / f"{name}.npz", x=images)
    return gantlet.EvaluateConfig(
        features="random-conv[size=8,dim=8]",
        metrics=("coverage",),
        cache=cache,
        train=str(folder / "train.npz"),
        held_out=str(folder / "held.npz"),
    )


def evaluated(folder: Path, fake: np.ndarray, *, cache: bool = False) -> Report:
    np.savez(folder / "fake.npz", x=fake)
    chosen = saved(folder, cache=cache)
    return gantlet.evaluate(str(folder / "fake.npz"), str(folder / "train.npz"), chosen)


@pytest.fixture
def shrunk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by one with each image that is made small."""
    calls: list[int] = []
    kept = thumbnails._thumbnail
    monkeypatch.setattr(thumbnails, "_thumbnail", lambda image: (calls.append(1), kept(image))[1])
    return calls


@pytest.mark.parametrize("kind", ["flipped", "shifted"])
def test_changed_copies_are_found_and_the_pairs_are_shown(tmp_path: Path, kind: str) -> None:
    originals = pictures(600, 0)[90:99]
    moved = np.pad(originals, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")[:, 4:44, 1:41]
    copies = originals[:, :, ::-1] if kind == "flipped" else moved
    report = evaluated(tmp_path, np.concatenate([pictures(291, 2), copies]))
    line = next(line for line in report.verdict if line.startswith("memorised: "))
    assert re.search(r"3\.[0-3]% of the images lie suspiciously close to a training image \(pixel by pixel", line)
    assert report.exact_copies == () and "no sign of copying" not in " ".join(report.verdict)
    named = {(suspect.fake, suspect.real) for suspect in report.suspects}
    assert {(f"fake.npz#{291 + i}", f"train.npz#{90 + i}") for i in range(9)} <= named


def test_honest_images_are_not_accused_and_the_sentence_says_what_it_could_not_see(tmp_path: Path) -> None:
    report = evaluated(tmp_path, pictures(300, 2))
    line = next(line for line in report.verdict if "no sign of copying" in line)
    assert line.startswith("good: ") and "could have gone unseen" in line


def test_the_real_images_are_shrunk_once_and_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shrunk: list[int]
) -> None:
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "cache"))
    evaluated(tmp_path, pictures(60, 2), cache=True)
    assert len(shrunk) == 600 + 300 + 60 + 2 * PLANTED
    evaluated(tmp_path, pictures(60, 3), cache=True)
    assert len(shrunk) == 600 + 300 + 2 * 60 + 4 * PLANTED


def test_in_a_loop_the_real_images_are_searched_once_without_a_cache(tmp_path: Path, shrunk: list[int]) -> None:
    judge = gantlet.Evaluator(str(tmp_path / "train.npz"), saved(tmp_path))
    for seed, least in ((2, 960 + 2 * PLANTED), (3, 1020 + 2 * PLANTED)):
        report = judge(np.moveaxis(pictures(60, seed), 3, 1))
        assert len(shrunk) == least and any("copying" in line for line in report.verdict)


def test_without_images_or_held_out_ones_there_is_no_search(tmp_path: Path) -> None:
    np.savez(tmp_path / "few.npz", x=pictures(8, 0))
    np.savez(tmp_path / "held.npz", x=pictures(60, 1))
    chosen = gantlet.EvaluateConfig(
        features="pixels[size=2]", metrics=("coverage",), cache=False, train=str(tmp_path / "few.npz")
    )
    report = gantlet.evaluate(str(tmp_path / "few.npz"), str(tmp_path / "held.npz"), chosen)
    assert not any("pixel by pixel, a shift" in line for line in report.verdict)


def test_a_small_picture_is_enlarged_by_a_whole_number_so_that_a_shift_by_a_pixel_stays_one() -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 28, 1)).astype(np.uint8)
    small = thumbnails._thumbnail(image)
    np.testing.assert_array_equal(small[2:30, 2:30], image[:, :, 0])
    np.testing.assert_array_equal(small[0], small[2])
    assert thumbnails._thumbnail(image[:8, :8]).shape == thumbnails._thumbnail(image[:11, :9]).shape == (32, 32)


def test_planted_copies_are_shifted_by_a_tenth_at_most_and_compressed() -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (30, 20, 3)).astype(np.uint8)
    for _ in range(20):
        moved = shifted(image, rng)
        ways = [(y, x) for y in range(-3, 4) for x in range(-2, 3)]
        inner = moved[3:-3, 2:-2]
        assert moved.shape == image.shape
        assert any(np.array_equal(inner, image[3 + y : 27 + y, 2 + x : 18 + x]) for y, x in ways)
    assert compressed(image).shape == image.shape and compressed(image[:, :, :1]).shape == (30, 20, 1)
    assert not np.array_equal(compressed(image), image)


def test_where_copies_cannot_be_told_the_sentence_does_not_say_that_few_could_have_gone_unseen() -> None:
    rng = np.random.default_rng(2)
    fake, held_out = rng.uniform(0.3, 1.0, 500), rng.uniform(0.3, 1.0, 500)
    told = copy_test(Closeness("pixels", fake, held_out, np.zeros(0), rng.uniform(0.0, 0.2, (2, 100))))
    blind = copy_test(Closeness("pixels", fake, held_out, np.zeros(0), rng.uniform(0.6, 0.9, (2, 100))))
    assert told.unseen is not None and told.unseen < 0.03 and told.pixels
    assert blind.unseen is None


def test_a_comparison_names_the_side_that_has_near_copies(tmp_path: Path) -> None:
    copies = pictures(600, 0)[90:99, :, ::-1]
    np.savez(tmp_path / "a.npz", x=pictures(300, 2))
    np.savez(tmp_path / "b.npz", x=np.concatenate([pictures(291, 3), copies]))
    a, b, train = (str(tmp_path / f"{name}.npz") for name in ("a", "b", "train"))
    chosen = saved(tmp_path)
    (line,) = [line for line in gantlet.compare(a, b, train, chosen).warnings if "memorised" in line]
    assert line.startswith("B: memorised: ") and "of the images lie suspiciously close to a training image" in line
    unseen = gantlet.compare(a, b, train, dataclasses.replace(chosen, held_out=""))
    assert not any("memorised" in line or "not tested" in line for line in unseen.warnings)
