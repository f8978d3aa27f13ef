"""Transparency is told from a file's bytes: images without it get no remark, those with it do."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.data.formats import has_alpha, sniffed
from gantlet.data.opening import open_source

PIXELS = np.random.default_rng(0).integers(0, 256, (9, 9, 4), dtype=np.uint8)


def saved(picture: Image.Image, name: str, **options: object) -> bytes:
    content = io.BytesIO()
    picture.save(content, format=name, **options)
    return content.getvalue()


RGBA, RGB = Image.fromarray(PIXELS), Image.fromarray(PIXELS[..., :3].copy())
GRAY, PALETTE = RGB.convert("L"), RGB.convert("P")
CASES = [
    (RGB, "PNG", {}, False),
    (GRAY, "PNG", {}, False),
    (PALETTE, "PNG", {}, False),
    (RGBA, "PNG", {}, True),
    (GRAY.convert("LA"), "PNG", {}, True),
    (GRAY, "PNG", {"transparency": 3}, True),
    (PALETTE, "PNG", {"transparency": 0}, True),
    (RGB, "JPEG", {}, False),
    (RGB, "BMP", {}, False),
    (PALETTE, "GIF", {}, False),
    (PALETTE, "GIF", {"transparency": PALETTE.getpixel((0, 0))}, True),
    (RGB, "WEBP", {"lossless": True}, False),
    (RGBA, "WEBP", {"lossless": True}, True),
    (RGB, "WEBP", {}, False),
    (RGBA, "WEBP", {}, True),
    (RGB, "TGA", {}, False),
    (RGBA, "TGA", {}, True),
]


@pytest.mark.parametrize(("picture", "name", "options", "expected"), CASES)
def test_transparency_by_the_bytes(picture: Image.Image, name: str, options: dict[str, object], expected: bool) -> None:
    content = saved(picture, name, **options)
    assert has_alpha(content, sniffed(content)) == expected
    for end in (0, 3, 17, 20, 25):
        has_alpha(content[:end], sniffed(content))  # a truncated file is no error here


@pytest.mark.parametrize(("picture", "expected"), [(RGB, False), (GRAY, False), (RGBA, True)])
def test_a_remark_only_where_there_is_alpha(picture: Image.Image, expected: bool, tmp_path: Path) -> None:
    for i in range(3):
        picture.save(tmp_path / f"{i}.png")
    source = open_source(str(tmp_path))
    assert any("transparent pixels" in line for line in (*source.remarks, *source.notes)) == expected
