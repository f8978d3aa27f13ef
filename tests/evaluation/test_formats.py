"""What is said when the files of one side alone are compressed, and to which side a note belongs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gantlet
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_images
from gantlet.data.source import ImageSource
from gantlet.data.subset import subset
from gantlet.evaluation.formats import compression, said_of_both

RNG = np.random.default_rng(0)
CONFIG = gantlet.EvaluateConfig(features="pixels[size=4]", metrics=("frechet_distance",), cache=False)


def folder(root: Path, **counts: int) -> Path:
    """Write so many images of each format, named by suffix; ``fine`` is lossless WebP."""
    root.mkdir()
    for suffix, n in counts.items():
        for i in range(n):
            image = Image.fromarray(RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8))
            if suffix == "fine":
                image.save(root / f"{suffix}{i}.webp", lossless=True)
            else:
                image.save(root / f"{suffix}{i}.{suffix}")
    return root


def opened(root: Path, **counts: int) -> ImageSource:
    return open_images(str(folder(root, **counts)))


@pytest.mark.parametrize(
    ("real", "fake", "said"),
    [
        ({"jpg": 10}, {"png": 10}, "real images are JPEG files, generated ones PNG"),
        ({"png": 10}, {"jpeg": 10}, "real images are PNG files, generated ones JPEG"),
        ({"png": 10}, {"webp": 10}, "real images are PNG files, generated ones WebP"),
        ({"jpg": 10}, {"webp": 10}, "real images are JPEG files, generated ones WebP"),
        ({"jpg": 15, "png": 5}, {"png": 10}, "real images are JPEG (75%) and PNG (25%) files, generated ones PNG"),
        ({"jpg": 10}, {"jpg": 10}, ""),
        ({"png": 10}, {"bmp": 10}, ""),
        ({"png": 10}, {"fine": 10}, ""),
        ({"jpg": 10}, {"jpg": 9, "png": 1}, ""),
        ({"jpg": 10}, {"tga": 10}, ""),
    ],
)
def test_compression_of_one_side(tmp_path: Path, real: dict[str, int], fake: dict[str, int], said: str) -> None:
    sentences = compression(opened(tmp_path / "real", **real), opened(tmp_path / "fake", **fake))
    assert sentences == ([f"{said}: compression alone changes every number"] if said else [])


def test_formats_are_those_of_the_bytes_and_follow_the_rows(tmp_path: Path) -> None:
    source = opened(tmp_path / "set", jpg=2, png=3)
    assert source.formats == ["JPEG", "JPEG", "PNG", "PNG", "PNG"]
    assert subset(source, np.array([4, 0])).formats == ["PNG", "JPEG"]
    (tmp_path / "set/png0.png").rename(tmp_path / "set/zzz.jpg")
    assert open_images(str(tmp_path / "set")).formats == source.formats
    assert ImageSource.joined([source, source]).formats == source.formats * 2
    arrays = array_source("x", np.zeros((4, 8, 8, 3), np.uint8))
    assert arrays.formats == () and compression(source, arrays) == []
    assert ImageSource.joined([source, arrays]).formats == ()


def test_notes_name_their_side_where_it_is_one() -> None:
    assert said_of_both(["a", "b"], ["b", "c"]) == ("real images: a", "b", "generated images: c")
    assert said_of_both([], []) == ()


def test_a_report_warns_of_compression_and_remarks_on_labels(tmp_path: Path) -> None:
    fakes = folder(tmp_path / "fake", png=20)
    for i in range(20):
        path = tmp_path / "real" / "ab"[i % 2] / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)
    report = gantlet.evaluate(str(fakes), str(tmp_path / "real"), CONFIG, out=tmp_path / "out")
    assert "real images are JPEG files, generated ones PNG: compression alone changes every number" in report.warnings
    assert report.remarks[0] == "real images: labels: 2 classes from the folders a, b"
    assert not any("labels" in warning for warning in report.warnings)
    assert type(report).load(tmp_path / "out/report.json") == report


def test_a_comparison_says_the_same_of_each_side(tmp_path: Path) -> None:
    real, a = folder(tmp_path / "real", jpg=20), folder(tmp_path / "a", jpg=20)
    b = folder(tmp_path / "b", png=20)
    (b / "notes.txt").write_text("text")
    result = gantlet.compare(str(a), str(b), str(real), CONFIG)
    assert "real images are JPEG files, those of B PNG: compression alone changes every number" in result.warnings
    assert not any("of A" in warning and "compression" in warning for warning in result.warnings)
    assert "B: ignored 1 file without an image suffix: notes.txt" in result.notes
