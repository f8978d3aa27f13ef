"""Files that are left out or read as almost nothing: HEIC, camera and video files, twelve bits in sixteen."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.core.errors import ConfigError, DataError
from gantlet.data import collection, decode
from gantlet.data.decode import Undecodable
from gantlet.data.opening import open_source
from gantlet.data.source import ImageSource

RNG = np.random.default_rng(0)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def folder(root: Path, *others: str, n: int = 10) -> ImageSource:
    for i in range(n):
        Image.new("RGB", (4, 4), (i, 0, 0)).save(root / f"{i}.jpg")
    for name in others:
        (root / name).write_bytes(HEIC)
    return open_source(str(root))


@pytest.fixture
def no_heif(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    decode._formats.cache_clear()
    for module in (collection, decode):
        monkeypatch.setattr(module, "heif_opens", lambda: False)
    yield
    decode._formats.cache_clear()


@pytest.mark.usefixtures("no_heif")
def test_heic_is_loud_however_few(tmp_path: Path) -> None:
    source = folder(tmp_path, *(f"{i}.HEIC" for i in range(39)), "a.heif")
    assert source.notes == (
        "40 of 50 files are HEIC and were ignored: install pillow-heif (pip install 'gantlet[heic]') or convert them",
    )
    assert folder(tmp_path, *(f"{i}.png.txt" for i in range(2))).notes[0].startswith("40 of 52 files are HEIC")


@pytest.mark.usefixtures("no_heif")
def test_heic_alone_and_under_another_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(HEIC)
    with pytest.raises(DataError, match=r"no images.*1 of 1 file is HEIC and was ignored: install pillow-heif"):
        open_source(str(tmp_path))
    source = folder(tmp_path, "photo.jpg")
    with pytest.raises(Undecodable, match=r"it is HEIC: install pillow-heif"):
        source.read(list(source.names).index("photo.jpg"))
    assert source.formats[list(source.names).index("photo.jpg")] == "HEIC"


def test_heic_is_decoded_where_pillow_heif_is_installed(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    pixels = np.kron(RNG.integers(0, 256, (4, 4), dtype=np.uint8), np.ones((16, 16), np.uint8))
    heif.from_pillow(Image.fromarray(pixels).convert("RGB")).save(tmp_path / "a.heic", quality=95)
    folder(tmp_path)
    source = open_source(str(tmp_path))
    decoded = source.read(list(source.names).index("a.heic"))
    assert decoded.shape == (64, 64, 3)
    assert np.abs(decoded.astype(int) - pixels[:, :, None]).mean() < 4
    assert not any("HEIC" in note for note in source.notes)


def test_other_kinds_are_named_and_loud_above_a_tenth(tmp_path: Path) -> None:
    few = folder(tmp_path, "a.nef", "b.svg", "c.txt", n=40)
    assert few.notes == ("ignored 3 files without an image suffix (1 RAW, 1 SVG): a.nef, b.svg, c.txt",)
    many = folder(tmp_path, *(f"{i}.mp4" for i in range(5)), *(f"{i}.CR2" for i in range(6)), n=40)
    assert many.notes == (
        "7 of 54 files are RAW and were ignored: convert them to PNG or TIFF",
        "ignored 7 files without an image suffix (1 SVG, 5 video): 0.mp4, 1.mp4, 2.mp4, …",
    )


@pytest.mark.parametrize(("bits", "kind"), [(8, "png"), (10, "tif"), (12, "png"), (12, "tif")])
def test_few_bits_in_sixteen_are_noticed_and_read_as_such(tmp_path: Path, bits: int, kind: str) -> None:
    largest = 2**bits - 1
    values = RNG.integers(0, largest + 1, (3, 5, 5), dtype=np.uint16)
    values[1, 0, 0] = largest
    for i, image in enumerate(values):
        Image.fromarray(image).save(tmp_path / f"{i}.{kind}")
    source = open_source(str(tmp_path))
    assert f"values below {2**bits:,} only" in source.notes[0] and f"[bits={bits}]" in source.notes[0]
    chosen = open_source(f"{tmp_path}[bits={bits}]")
    assert chosen.notes == () and chosen.digest != source.digest
    for i, image in enumerate(values):
        np.testing.assert_array_equal(chosen.read(i)[:, :, 0], np.rint(image * (255 / largest)))
        np.testing.assert_array_equal(source.read(i)[:, :, 0], np.rint(image / 257))
    as_they_are = open_source(f"{tmp_path}[bits=16]")
    assert as_they_are.notes == () and as_they_are.digest == source.digest


def test_one_value_above_twelve_bits_is_sixteen(tmp_path: Path) -> None:
    for i in range(6):
        Image.fromarray(np.full((2, 2), 4096 if i == 4 else 5, np.uint16)).save(tmp_path / f"{i}.png")
    assert open_source(str(tmp_path)).notes == ()
    with pytest.raises(DataError, match=r"4.png holds the value 4,096, more than bits=12 can hold \(4,095\)"):
        open_source(f"{tmp_path}[bits=12]")
    assert open_source(f"{tmp_path}[bits=13]").read(4)[0, 0, 0] == round(4096 * 255 / 8191)
    (tmp_path / "4.png").unlink()
    assert "[bits=8]" in open_source(str(tmp_path)).notes[0]
    for text in ("7", "17"):
        with pytest.raises(ConfigError, match="8 to 16"):
            open_source(f"{tmp_path}[bits={text}]")


def test_black_and_eight_bit_files_say_nothing_and_ignore_bits(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 2), np.uint16)).save(tmp_path / "black.png")
    eight = RNG.integers(0, 256, (3, 3), dtype=np.uint8)
    Image.fromarray(eight).save(tmp_path / "eight.png")
    Image.fromarray(RNG.integers(0, 4096, (3, 3), dtype=np.uint16)).save(tmp_path / "scaled.pgm")
    plain = open_source(str(tmp_path))
    assert plain.notes == ()
    (tmp_path / "black.png").unlink()
    assert open_source(f"{tmp_path}[bits=12]").digest == open_source(str(tmp_path)).digest
    Image.fromarray(np.zeros((2, 2), np.uint16)).save(tmp_path / "black.png")
    chosen = open_source(f"{tmp_path}[bits=12]")
    np.testing.assert_array_equal(chosen.read(1)[:, :, 0], eight)
    assert chosen.read(2).shape == (3, 3, 1)


def test_more_bits_than_given_and_colour_of_sixteen_are_refused() -> None:
    deep = io.BytesIO()
    Image.fromarray(np.full((2, 2), 5000, np.uint16)).save(deep, "PNG")
    with pytest.raises(Undecodable, match="value 5000, more than 4095"):
        decode.decode(deep.getvalue(), bits=12)
    rows = b"".join(b"\0" + bytes(6 * 2) for _ in range(2))
    header = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    colour = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert decode.decode(colour).shape == (2, 2, 3)
    with pytest.raises(Undecodable, match="bits= is for gray"):
        decode.decode(colour, bits=12)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
