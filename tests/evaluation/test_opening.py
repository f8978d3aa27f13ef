"""What an evaluation opens: the part of a fixed set that --n takes, and images beside moments in one archive."""

from pathlib import Path

import numpy as np
import torch

import gantlet
from gantlet.core.results.report import Report
from gantlet.data.opening import open_source
from gantlet.evaluation.opening import open_generated


def images(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)


def evaluate(fake: Path, real: Path, n: int, seed: int = 0) -> Report:
    config = gantlet.EvaluateConfig(
        features="pixels[size=8]", metrics=("intra_class_frechet",), cache=False, n=n, seed=seed
    )
    return gantlet.evaluate(str(fake), str(real), config)


def saved(path: Path, n: int, seed: int) -> Path:
    labels = np.arange(n) % 2
    np.savez(path, x=images(seed, n) // 2 + 127 * labels[:, None, None, None].astype(np.uint8), y=labels)
    return path


def test_n_takes_a_seeded_part_of_a_fixed_set_and_says_so(tmp_path: Path) -> None:
    real, fake = saved(tmp_path / "real.npz", 60, 0), saved(tmp_path / "fake.npz", 80, 1)
    part, again, other = evaluate(fake, real, 30), evaluate(fake, real, 30), evaluate(fake, real, 30, seed=5)
    assert (part.n_real, part.n_fake) == (60, 30)
    assert part["intra_class_frechet"].value == again["intra_class_frechet"].value
    assert part.digests["fake"] == again.digests["fake"] != other.digests["fake"]
    assert any("30 of the 80 images" in warning and "seed 0" in warning for warning in part.warnings)
    # labels go with their images: bright ones are class 1, so each class lies near its own
    whole = evaluate(fake, real, 0)
    assert part["intra_class_frechet"].value < 2 * whole["intra_class_frechet"].value  # type: ignore[operator]
    assert whole.n_fake == 80 and not any("drawn at random" in warning for warning in whole.warnings)


def test_a_set_with_fewer_images_than_n_is_taken_whole_and_says_so(tmp_path: Path) -> None:
    report = evaluate(saved(tmp_path / "fake.npz", 40, 1), saved(tmp_path / "real.npz", 60, 0), 50)
    assert report.n_fake == 40
    assert any("holds 40 images, fewer than --n 50" in warning for warning in report.warnings)


def test_n_takes_a_part_of_points(tmp_path: Path) -> None:
    for name, seed in (("real", 0), ("fake", 1)):
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(seed).standard_normal((90, 2)).astype(np.float32))
    config = gantlet.EvaluateConfig(metrics=("frechet_distance",), cache=False, n=40)
    assert gantlet.evaluate(str(tmp_path / "fake.npy"), str(tmp_path / "real.npy"), config).n_fake == 40


def test_an_archive_with_images_and_moments_opens_as_either(tmp_path: Path) -> None:
    path = tmp_path / "adm_ref.npz"
    np.savez(path, arr_0=images(0, 12), mu=np.zeros(4), sigma=np.eye(4))
    assert open_source(str(path)).kind == "statistics"
    opened = open_source(f"{path}[key=arr_0]")
    assert opened.kind == "images" and len(opened) == 12
    assert len(open_source(opened.spec)) == 12


def test_n_takes_the_same_part_of_what_a_program_holds(tmp_path: Path) -> None:
    pixels, labels = images(1, 80), np.arange(80) % 2
    np.savez(tmp_path / "fake.npz", x=pixels, y=labels)
    config = gantlet.EvaluateConfig(n=30, seed=3)
    wanted = open_generated("fake", str(tmp_path / "fake.npz"), config, 0)
    forms = (
        gantlet.images(pixels, labels=labels),
        gantlet.open_source(str(tmp_path / "fake.npz")),
        pixels,
        torch.from_numpy(pixels).permute(0, 3, 1, 2),
        list(pixels),
    )
    for fake in forms:
        part = open_generated("fake", fake, config, 0)
        assert len(part) == 30 and part.digest == wanted.digest, type(fake)
        assert any("30 of the 80 images" in note and "seed 3" in note for note in part.notes)
    few = open_generated("fake", gantlet.images(pixels), gantlet.EvaluateConfig(n=90), 0)
    assert len(few) == 80 and any("fewer than --n 90" in note for note in few.notes)
    endless = open_generated("fake", iter(pixels), config, 0)
    assert len(endless) == 30 and any("the first 30 images" in note for note in endless.notes)
    rows = np.random.default_rng(0).standard_normal((90, 2))
    for given in (gantlet.points(rows), gantlet.features(rows, "my-net")):
        assert len(open_generated("fake", given, config, 0)) == 30


def test_n_is_heeded_in_an_evaluation_of_arrays_and_in_an_evaluator() -> None:
    config = {"metrics": ["frechet_distance"], "features": "pixels[size=2]", "cache": False, "n": 30}
    real, fake = gantlet.images(images(0, 60)), images(1, 80)
    for report in (
        gantlet.evaluate(gantlet.images(fake), real, **config),
        gantlet.Evaluator(real, **config)(fake),
    ):
        assert report.n_fake == 30 and any("30 of the 80 images" in warning for warning in report.warnings)


def test_labels_given_beside_drawn_images_keep_what_was_said_of_the_drawing() -> None:
    drawn = gantlet.images(lambda n, seed: images(seed, n), n=8, labels=np.arange(8) % 2)
    assert drawn.labels is not None and any("8 images were drawn" in remark for remark in drawn.remarks)
