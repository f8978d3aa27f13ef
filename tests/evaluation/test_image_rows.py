"""Pictures by class: matched by name whatever each side's numbering, with a place for the class that is missing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gantlet
from gantlet.actions.report import write_page

SETTINGS = {"features": "pixels[size=8]", "metrics": ("coverage",), "cache": False}
LEVELS = {"cat": 20, "dog": 90, "fox": 160}


def npz(path: Path, classes: list[str], made: list[str]) -> str:
    """Write 20 images per class of ``made``, numbered as in ``classes``; a class shows in the brightness."""
    names = np.repeat(made, 20)
    pixels = np.random.default_rng(len(classes)).integers(0, 30, (len(names), 8, 8, 1))
    pixels += np.array([LEVELS[{"Katze": "cat"}.get(str(name), str(name))] for name in names])[:, None, None, None]
    labels = np.array([classes.index(str(name)) for name in names])
    np.savez(path, x=pixels.astype(np.uint8), y=labels, classes=np.array(classes))
    return str(path)


def brightness(path: Path) -> float:
    pixels = np.asarray(Image.open(path))
    return float(pixels[pixels != 128].mean())


@pytest.mark.parametrize(
    ("classes", "made", "renamed"),
    [(["fox", "dog", "cat"], ["fox", "cat"], ""), (["dog", "Katze", "fox"], ["fox", "Katze"], "Katze=cat")],
)
def test_a_row_shows_its_class_and_none_where_it_is_missing(
    tmp_path: Path, classes: list[str], made: list[str], renamed: str
) -> None:
    real = npz(tmp_path / "real.npz", list(LEVELS), list(LEVELS))
    fake = npz(tmp_path / "fake.npz", classes, made)
    out = tmp_path / "out"
    report = gantlet.evaluate(fake, real, classes=renamed, out=out, **SETTINGS)
    assert list(report.pictures) == ["class cat", "class dog", "class fox"]
    assert report.pictures["class dog"][0] == "" and report.pictures["class dog"][1]
    for role, files in report.pictures.items():
        for file in filter(None, files):
            assert 0 <= brightness(out / file) - LEVELS[role.removeprefix("class ")] <= 30
    page = write_page(out).read_text()
    assert '<h3>dog</h3><figure><figcaption>generated</figcaption><span class="none">none</span>' in page
    assert 'alt="cat: generated"' in page and 'alt="dog: real"' in page


def test_without_labels_the_first_images_of_both_sides_are_shown(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    real, fake = (rng.integers(0, 256, (n, 8, 8, 1), dtype=np.uint8) for n in (40, 30))
    report = gantlet.evaluate(fake, real, out=tmp_path, **SETTINGS)
    assert sorted(report.pictures) == ["fakes", "reals"]
    height, width = np.asarray(Image.open(tmp_path / report.pictures["fakes"][0])).shape[:2]
    assert (height, width) == (3 * 68 - 4, 10 * 68 - 4), "ten per row, 64 pixels each and gaps of 4"
