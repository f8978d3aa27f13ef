"""The one image decoder: bytes of any supported format → uint8 [h, w, c] with c = 1 (gray) or 3 (RGB)."""

import contextlib
import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from gantlet.core.errors import DataError, UnreadableFile
from gantlet.core.files import read_bytes
from gantlet.core.limits import PER_PIXEL, most_per_image, most_pixels
from gantlet.data.formats import HEIF_MISSING, heif_opens, sniffed

VERSION = 1
"""Increased whenever the decoder returns other pixels for the same file; part of every feature's identity."""

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "AVIF", "JPEG2000", "TGA", "HEIF")
"""The decoded formats (HEIF with the extra ``heic``); formats that would run other programs (EPS, WMF) are omitted."""

BACKGROUNDS = {"white": 255, "black": 0}
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    struct.error,
    zlib.error,
    MemoryError,
)

Pixels = UInt8[np.ndarray, "h w c"]


class Undecodable(DataError):
    """A file that holds no usable image; ``reason`` is the reason in a few words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"this image cannot be decoded: {reason}")


def decode(data: bytes | Path, background: int = 255, *, frame: int = 0, bits: int = 16) -> UInt8[np.ndarray, "h w c"]:
    """Decode one image file to 8-bit gray or RGB.

    EXIF orientation is applied; palettes become RGB; CMYK becomes RGB; transparency is composited:
    (c·a + background·(255 − a)) / 255, rounded.

    Args: data: the file's content, or its path; background: gray level 0..255 under transparent pixels (255 = white);
    frame: which frame of an animation or page of a stack, from 0; bits: how many of 16 bits a gray PNG or TIFF file uses.
    Returns: uint8 [h, w, 1] for gray, 1-bit, 16-bit gray and float images, else uint8 [h, w, 3].
    Raises: Undecodable for anything broken, truncated, empty, of zero size, larger than `limits.most_pixels`, without
    that frame, or with more bits.
    Convention: 16-bit gray is 255·v/(2^bits − 1) rounded, v/257 by default; 16-bit colour is Pillow's high byte (at most
    one level off v/257); float pixels must lie in 0..1 and become round(255·v). Clipping to 8 bits, which turns these
    white or black, is rejected.
    """
    with opened(_content(data)) as file:
        if frame:
            _seek(file, frame)
        largest = _largest(file, bits)
        file.load()
        key, format_name = file.info.get("transparency"), file.format
        image = ImageOps.exif_transpose(file)
    return _pixels(image, key, format_name, background, largest)


@contextlib.contextmanager
def opened(content: bytes) -> Iterator[ImageFile.ImageFile]:
    """Open the content of an image file by its header; what goes wrong inside the block too becomes Undecodable."""
    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise DataError("PIL.ImageFile.LOAD_TRUNCATED_IMAGES is set: truncated files would pass as images; unset it")
    if Image.MAX_IMAGE_PIXELS is not None and most_pixels() > Image.MAX_IMAGE_PIXELS:
        Image.MAX_IMAGE_PIXELS = most_pixels()
    try:
        with Image.open(io.BytesIO(content), formats=_formats()) as file:
            _check_size(*file.size)
            yield file
    except Undecodable:
        raise
    except Image.DecompressionBombError as error:
        raise Undecodable(_too_large("more than twice as many pixels as")) from error
    except UnidentifiedImageError as error:
        if sniffed(content) == "HEIC" and not heif_opens():
            raise Undecodable(f"it is HEIC: {HEIF_MISSING}") from error
        raise Undecodable("not an image of a known format, or its header is damaged") from error
    except _BROKEN as error:
        raise Undecodable(" ".join(str(error).split()) or type(error).__name__) from error


def _seek(file: ImageFile.ImageFile, frame: int) -> None:
    try:
        file.seek(frame)
    except EOFError as error:
        raise Undecodable(f"it has no frame {frame}, counted from 0") from error
    _check_size(*file.size)


def _largest(file: ImageFile.ImageFile, bits: int) -> int:
    """Return the value that stands for white; formats that state their own are scaled to 16 bits by Pillow."""
    if bits == 16 or file.format in ("PPM", "JPEG2000"):
        return 65535
    if not is_deep(file) and any(";16" in str(part.args) for part in file.tile):
        raise Undecodable("of its 16-bit colour the high byte alone is read, so that bits= is for gray images")
    return 2**bits - 1


def is_deep(file: Image.Image) -> bool:
    """Return whether an opened file holds 16-bit gray."""
    return file.mode.startswith("I;16") or (file.mode == "I" and file.format in ("PNG", "PPM"))


@cache
def _formats() -> tuple[str, ...]:
    """Return those of FORMATS that this build of Pillow can open."""
    Image.init()
    if heif_opens():
        import pillow_heif

        pillow_heif.register_heif_opener()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def image_file(path: Path) -> bytes:
    """Return the content of the file of one image; raises Undecodable for what is no regular file, or too large."""
    try:
        return read_bytes(path, most_per_image())
    except UnreadableFile as error:
        raise Undecodable(error.reason) from error


def _content(data: bytes | Path) -> bytes:
    if isinstance(data, Path):
        data = image_file(data)
    if not data:
        raise Undecodable("the file is empty (0 bytes)")
    return data


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise Undecodable(f"its size is {width}×{height} pixels")
    if width * height > most_pixels():
        raise Undecodable(_too_large(f"{width}×{height} pixels are more than", width * height))


def _too_large(what: str, pixels: int = 0) -> str:
    """Return why an image is refused, and the option that allows it."""
    enough = f"{-(-pixels * PER_PIXEL // 10**9)}GB" if pixels else "SIZE"
    return f"refused as a decompression bomb: {what} {most_pixels() // 10**6} million; if it is honest, add --limit {enough}"


def _pixels(image: Image.Image, key: object, format_name: str | None, background: int, largest: int) -> Pixels:
    mode = image.mode
    if mode.startswith("I;16") or (mode == "I" and format_name in ("PNG", "PPM")):
        return _from_16_bits(np.asarray(image), key, background, largest)
    if mode == "F":
        return _from_floats(np.asarray(image))
    if mode == "I":
        raise Undecodable("its pixels are 32-bit integers, whose range is not stated")
    if mode in ("LA", "La") or (mode in ("1", "L") and key is not None):
        return _composite(np.asarray(image.convert("LA")), background)
    if mode in ("RGBA", "RGBa", "PA") or key is not None:
        return _composite(np.asarray(image.convert("RGBA")), background)
    if mode in ("1", "L"):
        return np.asarray(image.convert("L"))[:, :, None]
    try:
        return np.asarray(image.convert("RGB"))
    except ValueError as error:
        raise Undecodable(f"its colour space {mode} cannot be converted to RGB") from error


def _composite(pixels: UInt8[np.ndarray, "h w channels_with_alpha"], background: int) -> Pixels:
    colour, alpha = pixels[:, :, :-1].astype(np.uint32), pixels[:, :, -1:].astype(np.uint32)
    return ((colour * alpha + background * (255 - alpha) + 127) // 255).astype(np.uint8)


def _from_16_bits(values: np.ndarray, key: object, background: int, largest: int) -> Pixels:
    if values.max() > largest:
        raise Undecodable(f"it holds the value {values.max()}, more than {largest}, the largest of the bits given")
    gray = ((2 * 255 * values.astype(np.int64) + largest) // (2 * largest)).astype(np.uint8)
    if isinstance(key, int):
        gray[values == key] = background
    return gray[:, :, None]


def _from_floats(values: Float[np.ndarray, "h w"]) -> Pixels:
    if not np.isfinite(values).all():
        raise Undecodable("its float pixels hold NaN or infinity")
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:
        raise Undecodable(f"its float pixels span {low:g} to {high:g}; expected 0 to 1")
    return np.rint(values * 255).astype(np.uint8)[:, :, None]
