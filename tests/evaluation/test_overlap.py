"""Sets that share images: exact copies among the fakes, and roles that overlap."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gantlet
from gantlet.actions.statistics import make_statistics
from gantlet.cli import main
from gantlet.core.results.report import Report
from gantlet.reports.terminal import MARKS, split_verdict

METRICS = ("frechet_distance", "coverage")


def config(**changes: str) -> gantlet.EvaluateConfig:
    return gantlet.EvaluateConfig(features="pixels[size=8]", metrics=METRICS, cache=False, **changes)  # type: ignore[arg-type]


def images(seed: int, n: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)


def saved(path: Path, *parts: np.ndarray) -> str:
    np.savez(path, x=np.concatenate(parts))
    return str(path)


def kinds(report: Report) -> list[str]:
    return [split_verdict(line)[0] for line in report.verdict]


def test_copies_of_real_images_are_counted_and_named_without_held_out_images(tmp_path: Path) -> None:
    real = images(0)
    fake = saved(tmp_path / "fake.npz", images(1, 33), real[5:12])
    report = gantlet.evaluate(fake, saved(tmp_path / "real.npz", real), config())
    (found,) = report.exact_copies
    assert (found.among, found.n, found.of) == ("real", 7, 40)
    assert found.pairs[0] == ("fake.npz#33", "real.npz#5") and len(found.pairs) == 7
    line = next(line for line in report.verdict if line.startswith("copied: "))
    assert "7 of 40 generated images are exact copies of real images (pixel by pixel): fake.npz#33 = real.npz#5" in line
    assert MARKS[split_verdict(line)[0]] == ("✗", "red")
    assert "memorisation was not tested" not in " ".join(report.verdict)
    assert Report.from_json(report.to_json()) == report


def test_copies_of_training_images_are_found_when_real_is_another_set(tmp_path: Path) -> None:
    train, real = images(2), images(3)
    fake = saved(tmp_path / "fake.npz", images(1, 37), train[:3])
    chosen = config(train=saved(tmp_path / "train.npz", train))
    report = gantlet.evaluate(fake, saved(tmp_path / "real.npz", real), chosen)
    assert [(found.among, found.n) for found in report.exact_copies] == [("training", 3)]
    assert "no sign of copying:" not in " ".join(line for line in report.verdict if line.startswith("good"))


def test_images_that_differ_by_one_level_are_no_copies(tmp_path: Path) -> None:
    real = images(0)
    near = real.copy()
    near[:, 0, 0, 0] ^= 1
    report = gantlet.evaluate(saved(tmp_path / "fake.npz", near), saved(tmp_path / "real.npz", real), config())
    assert report.exact_copies == () and "copied" not in kinds(report)


def test_a_gray_image_in_three_channels_is_the_same_image(tmp_path: Path) -> None:
    gray = images(4)[..., 0]
    for i, image in enumerate(gray):
        for kind, mode in (("real", "L"), ("fake", "RGB")):
            (tmp_path / kind).mkdir(exist_ok=True)
            Image.fromarray(image).convert(mode).save(tmp_path / kind / f"{i}.png")
    report = gantlet.evaluate(str(tmp_path / "fake"), str(tmp_path / "real"), config())
    assert report.exact_copies[0].n == 60


def test_points_are_copies_where_every_coordinate_is_equal(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    real, fake = rng.standard_normal((2, 80, 2)).astype(np.float32)
    fake[:4] = real[10:14]
    fake[4, 0] = real[20, 0]
    for name, points in (("real", real), ("fake", fake)):
        np.save(tmp_path / f"{name}.npy", points)
    chosen = gantlet.EvaluateConfig(metrics=("frechet_distance",), cache=False)
    report = gantlet.evaluate(str(tmp_path / "fake.npy"), str(tmp_path / "real.npy"), chosen)
    assert report.exact_copies[0].n == 4
    assert any(
        "4 of 80 generated points are exact copies of real points (in every coordinate)" in v for v in report.verdict
    )


def test_a_report_without_the_field_is_read(tmp_path: Path) -> None:
    real = saved(tmp_path / "real.npz", images(0))
    raw = json.loads(gantlet.evaluate(saved(tmp_path / "fake.npz", images(1)), real, config()).to_json())
    del raw["exact_copies"], raw["sha256"]
    assert Report.from_json(json.dumps(raw)).exact_copies == ()


@pytest.mark.parametrize("side", ["fake", "real"])
def test_statistics_have_no_copies(tmp_path: Path, side: str) -> None:
    paths = {name: saved(tmp_path / f"{name}.npz", images(0)) for name in ("fake", "real")}
    make_statistics(paths[side], tmp_path / "s.safetensors", config())
    paths[side] = str(tmp_path / "s.safetensors")
    assert gantlet.evaluate(paths["fake"], paths["real"], config()).exact_copies == ()


def test_held_out_images_that_are_real_ones_give_no_reference(tmp_path: Path) -> None:
    real, fresh = images(0), images(6)
    held_out = saved(tmp_path / "held.npz", real[:30], fresh[:30])
    chosen = config(held_out=held_out)
    report = gantlet.evaluate(saved(tmp_path / "fake.npz", images(1)), saved(tmp_path / "real.npz", real), chosen)
    assert all(estimate.reference is None and estimate.value is not None for estimate in report.estimates)
    said = [
        warning for warning in report.warnings if "30 of 60 held-out images are also among the real ones" in warning
    ]
    assert said == [f"30 of 60 held-out images are also among the real ones; {WITHHELD}"]
    assert any("memorisation was not tested: 30 of 60 held-out" in line for line in report.verdict)


WITHHELD = "no reference is computed from them; they do not count as unseen"


def test_held_out_images_that_equal_real_in_all_give_no_reference_of_zero(tmp_path: Path) -> None:
    real = saved(tmp_path / "real.npz", images(0))
    report = gantlet.evaluate(saved(tmp_path / "fake.npz", images(1)), real, config(held_out=real))
    assert report["frechet_distance"].reference is None
    assert f"60 of 60 held-out images are also among the real ones; {WITHHELD}" in report.warnings
    said = " ".join((*report.warnings, *report.verdict))
    assert "held-out images are also among the real ones" in said and " real images are also among the real" not in said


def test_training_images_given_as_held_out_are_not_unseen(tmp_path: Path) -> None:
    train = images(2)
    chosen = config(
        train=saved(tmp_path / "train.npz", train), held_out=saved(tmp_path / "held.npz", train[:20], images(6))
    )
    # REAL is a part of the training set, which is allowed; so it cannot be the unseen images either
    real = saved(tmp_path / "real.npz", train[20:])
    report = gantlet.evaluate(saved(tmp_path / "fake.npz", images(1)), real, chosen)
    assert any("20 of 80 held-out images are also among the training ones" in w for w in report.warnings)
    line = next(line for line in report.verdict if "was not tested" in line)
    assert "40 of 40 real images are also among the training ones; 20 of 80 held-out" in line
    assert report["frechet_distance"].reference is not None


def test_real_images_from_the_training_set_leave_the_test_to_the_held_out_ones(tmp_path: Path) -> None:
    train = images(2)
    chosen = config(train=saved(tmp_path / "train.npz", train), held_out=saved(tmp_path / "held.npz", images(6)))
    real = saved(tmp_path / "real.npz", train[:40])
    report = gantlet.evaluate(saved(tmp_path / "fake.npz", images(1)), real, chosen)
    assert any("of held-out real images" in line for line in report.verdict if "suspiciously close" in line)
    assert not any("also among" in warning and "held-out" in warning for warning in report.warnings)


def test_held_out_images_among_the_fakes_are_named(tmp_path: Path) -> None:
    held_out = images(6)
    fake = saved(tmp_path / "fake.npz", images(1), held_out[:9])
    chosen = config(held_out=saved(tmp_path / "held.npz", held_out))
    real = saved(tmp_path / "real.npz", images(0))
    report = gantlet.evaluate(fake, real, chosen)
    assert "9 of 69 generated images are also among the held-out ones; they do not count as unseen" in report.warnings
    copied = next(line for line in report.verdict if line.startswith("copied: "))
    assert "9 of 69 generated images are exact copies of held-out images" in copied
    line = next(line for line in report.verdict if "were not looked for" in line)
    assert "9 of 69 generated images are also among the held-out ones" in line
    # the fakes' own images make no reference: it is that of an evaluation without held-out images
    assert report.estimates == gantlet.evaluate(fake, real, config()).estimates


def test_a_few_shared_images_leave_the_held_out_ones_in_their_place(tmp_path: Path) -> None:
    held_out = images(6, 200)
    fake = saved(tmp_path / "fake.npz", images(1, 199), held_out[:1])
    chosen = config(held_out=saved(tmp_path / "held.npz", held_out))
    report = gantlet.evaluate(fake, saved(tmp_path / "real.npz", images(0)), chosen)
    assert "1 of 200 generated images is also among the held-out ones" in report.warnings
    assert any("of held-out real images" in line for line in report.verdict if "suspiciously close" in line)


def test_separate_sets_share_nothing(tmp_path: Path) -> None:
    chosen = config(held_out=saved(tmp_path / "held.npz", images(6)))
    fake, real = (saved(tmp_path / f"{seed}.npz", images(seed)) for seed in (0, 1))
    assert not any("also among" in warning for warning in gantlet.evaluate(fake, real, chosen).warnings)


def test_every_source_that_is_read_says_which_array_was_taken(tmp_path: Path) -> None:
    held_out = str(tmp_path / "held.npz")
    np.savez(held_out, images=images(6), real_images=images(7))
    fakes, real = (
        [saved(tmp_path / f"{seed}.npz", images(seed)) for seed in (0, 1)],
        saved(tmp_path / "r.npz", images(2)),
    )
    evaluated = gantlet.evaluate(fakes[0], real, config(held_out=held_out)).warnings
    compared = gantlet.compare(*fakes, real, config(held_out=held_out)).notes
    for said in (evaluated, compared):
        assert sum(line.startswith("held-out images: the array images (60, 8, 8, 3) was taken") for line in said) == 1
    with pytest.warns(
        UserWarning, match="the array images .* was taken for the images; held.npz also holds real_images"
    ):
        make_statistics(held_out, tmp_path / "s.safetensors", config())


def test_images_that_a_and_b_share_are_counted_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, real = images(1), saved(tmp_path / "real.npz", images(0))
    b = saved(tmp_path / "b.npz", images(3, 10), a[::-1][:50])
    words = [
        "compare",
        saved(tmp_path / "a.npz", a),
        b,
        "--real",
        real,
        "--features",
        "pixels",
        "--metrics",
        "coverage",
    ]
    line = (
        "50 of the 60 images of A are also among those of B: A and B are not independent, and p-values and intervals assume "
        "that they are"
    )
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"][0] == line
    assert main(words) == 0
    assert f"! {line[:40]}" in capsys.readouterr().out
    other = gantlet.compare(words[1], saved(tmp_path / "c.npz", images(4)), real, config())
    assert not any("not independent" in warning for warning in other.warnings)


def test_real_images_that_are_unseen_do_not_excuse_copies_of_themselves(tmp_path: Path) -> None:
    """Where another set trained the generator, REAL is unseen: it equals itself in all, which says nothing of chance."""
    real, train = saved(tmp_path / "real.npz", images(0)), saved(tmp_path / "train.npz", images(2))
    fake = saved(tmp_path / "fake.npz", images(1, 45), images(0)[:15])
    for further in ({}, {"held_out": saved(tmp_path / "held-out.npz", images(3))}):
        report = gantlet.evaluate(fake, real, config(train=train, **further))
        assert [(found.among, found.copied) for found in report.exact_copies] == [("real", 15)]
        assert any(line.startswith("copied: 15 of 60") for line in report.verdict), report.verdict
