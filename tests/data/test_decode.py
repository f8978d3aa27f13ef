"""The decoder on small files made here, and on the collection of odd files where it is at hand."""

import csv
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from gantlet.core.errors import DataError
from gantlet.data.decode import Undecodable, decode

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)
GRAY = RNG.integers(0, 256, (6, 9), dtype=np.uint8)


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def test_lossless_formats_return_the_stored_pixels() -> None:
    for kind in ("PNG", "BMP", "TIFF"):
        np.testing.assert_array_equal(decode(encoded(Image.fromarray(COLOUR), kind)), COLOUR)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(COLOUR), "WEBP", lossless=True)), COLOUR)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(GRAY)))[:, :, 0], GRAY)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    # EXIF 2.32, tag 274: what turns the stored picture upright, written with NumPy
    upright = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90,
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(COLOUR), exif=exif)), upright(COLOUR))


@pytest.mark.parametrize("background", [255, 0])
def test_alpha_is_composited_and_rounded(background: int) -> None:
    alpha = RNG.integers(0, 256, (6, 9, 1), dtype=np.uint8)
    rgba = np.concatenate([COLOUR, alpha], axis=2)
    exact = (COLOUR.astype(float) * alpha + background * (255.0 - alpha)) / 255
    # rounding to the nearest level errs by at most one half
    assert np.abs(decode(encoded(Image.fromarray(rgba)), background) - exact).max() <= 0.5
    gray = decode(encoded(Image.fromarray(np.dstack([GRAY, alpha[:, :, 0]]))), background)
    assert gray.shape == (6, 9, 1)


def test_a_transparent_palette_colour_and_a_colour_key_show_the_background() -> None:
    picture = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8)).convert("P")
    picture.putpalette([10, 20, 30, 40, 50, 60])
    decoded = decode(encoded(picture, transparency=1))
    np.testing.assert_array_equal(decoded[:, :, 0], [[10, 255], [255, 10]])
    gray = decode(encoded(Image.fromarray(np.array([[7, 9]], np.uint8)), transparency=9))
    np.testing.assert_array_equal(gray[:, :, 0], [[7, 255]])


def test_sixteen_bits_are_divided_by_257_and_rounded() -> None:
    values = np.array([[0, 128, 129, 257, 32896, 65406, 65407, 65535]], np.uint16)
    expected = np.rint(values / 257)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(values)))[:, :, 0], expected)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(values), "TIFF"))[:, :, 0], expected)


def test_floats_in_the_unit_range_are_scaled_and_others_refused() -> None:
    values = np.array([[0, 0.25, 0.5, 1]], np.float32)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(values), "TIFF"))[:, :, 0], [[0, 64, 128, 255]])
    for bad, reason in ((values * 3, "expected 0 to 1"), (values * np.float32(np.nan), "NaN")):
        with pytest.raises(Undecodable, match=reason):
            decode(encoded(Image.fromarray(bad), "TIFF"))


def test_cmyk_and_bilevel_and_the_first_frame() -> None:
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    cmyk = Image.fromarray(255 - flat).split()
    picture = Image.merge("CMYK", [*cmyk, Image.new("L", (16, 16), 0)])
    assert np.abs(decode(encoded(picture, "TIFF")).astype(int) - flat).max() <= 1
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(GRAY > 127)))[:, :, 0], 255 * (GRAY > 127))
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    decoded = decode(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    np.testing.assert_array_equal(decoded[0, 0], [255, 0, 0])


def test_integers_without_a_range_are_refused() -> None:
    with pytest.raises(Undecodable, match="32-bit integers"):
        decode(encoded(Image.fromarray(GRAY.astype(np.int32)), "TIFF"))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0")) + _chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_broken_files_are_refused_with_a_reason(tmp_path: Path) -> None:
    good = encoded(Image.fromarray(np.tile(COLOUR, (20, 20, 1))))
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 0xFF
    jpeg = encoded(Image.fromarray(np.tile(COLOUR, (20, 20, 1))), "JPEG")
    for data, reason in (
        (b"", "empty"),
        (b"<html>not found</html>", "not an image"),
        (good[: len(good) // 2], "truncated"),
        (jpeg[: len(jpeg) // 2], "truncated"),
        (bytes(flipped), "broken|CRC"),
        (good[:33], "not an image"),
        (_png(30000, 30000), "bomb"),
        (_png(10000, 10000), "bomb"),
        (_png(0, 0), "not an image"),
    ):
        with pytest.raises(Undecodable, match=reason):
            decode(data)
    with pytest.raises(Undecodable, match="no file of this name"):
        decode(tmp_path / "missing.png")


def test_pillows_switch_for_truncated_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(DataError, match="LOAD_TRUNCATED_IMAGES"):
        decode(encoded(Image.fromarray(COLOUR)))


def _manifest(shared: Path) -> list[dict[str, str]]:
    with (shared / "data/odd/manifest.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.shared
def test_all_odd_files_decode_to_the_right_pixels(shared: Path) -> None:
    good = {row["file"]: row for row in _manifest(shared) if row["expected"] == "ok"}
    decoded = {name: decode(shared / "data/odd" / name) for name in good}
    assert len(decoded) == 29
    for name, row in good.items():
        size = (int(row["height"]), int(row["width"]))
        assert decoded[name].shape[:2] == (size[::-1] if "exif" in name else size), name
        if not row["same_picture_as"] or name == "ok/gray_alpha.png":
            continue
        difference = np.abs(decoded[name].astype(int) - decoded[row["same_picture_as"]]).mean()
        # lossless copies are equal (float: both round the same value); JPEG at quality ≥ 80 stays within 3 levels
        assert difference <= (3 if name.lower().endswith(("jpg", "jpeg")) else 0), name
    assert round(float(decoded["ok/gray16.png"].mean())) == 129
    assert decoded["ok/float32.tiff"].mean() > 100
    np.testing.assert_array_equal(decoded["ok/one_pixel.png"], [[[200, 30, 60]]])
    np.testing.assert_array_equal(decoded["ok/rgba.png"][0, 0], [255, 255, 255])
    assert decoded["ok/black.png"].max() == 0
    ramp = np.rint(np.linspace(0, 255, 96))[None, :, None]
    over_white = (decoded["ok/gray8.png"] * ramp + 255 * (255 - ramp)) / 255
    # the file's ramp may be rounded otherwise than here: one level of alpha moves a pixel by at most one level
    assert np.abs(decoded["ok/gray_alpha.png"] - over_white).max() <= 1.5


@pytest.mark.shared
def test_all_bad_files_are_refused(shared: Path) -> None:
    bad = [row["file"] for row in _manifest(shared) if row["expected"] == "bad"]
    assert len(bad) == 10
    for name in bad:
        with pytest.raises(Undecodable):
            decode(shared / "data/odd" / name)
