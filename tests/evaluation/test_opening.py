"""What an evaluation opens: the part of a fixed set that --n takes, and images beside moments in one archive."""

from pathlib import Path

import numpy as np

import gantlet
from gantlet.core.results.report import Report
from gantlet.data.opening import open_source


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
