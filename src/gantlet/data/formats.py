"""Image formats: which one a file is in by its first bytes, and how many frames it holds."""

import struct
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec

HEIF_SUFFIXES = (".heic", ".heif", ".hif")
HEIF_MISSING = "install pillow-heif (pip install 'gantlet[heic]') or convert it"
MOST_FRAMES = 100_000
"""Frames that are counted in one file at most."""
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


@cache
def heif_opens() -> bool:
    """Return whether pillow-heif is installed, the extra ``heic``."""
    return find_spec("pillow_heif") is not None


def sniffed(content: bytes) -> str:
    """Return the format of an image file by its first bytes: PNG, JPEG, lossless WebP …, or '' for one without such a mark."""
    for start, name in _STARTS:
        if content.startswith(start):
            return name
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "lossless WebP" if b"VP8L" in content[12:64] else "WebP"
    if content[4:8] == b"ftyp":
        if content[8:12] in (b"avif", b"avis") or b"avif" in content[16:64]:
            return "AVIF"
        return "HEIC" if content[8:12] in _HEIF_BRANDS else ""
    if content[:1] == b"P" and content[1:2].isdigit() and content[2:3].isspace():
        return "PPM"
    return ""


def has_alpha(content: bytes, name: str) -> bool:
    """Return whether a file of the format ``name`` says that it has transparency; True where only decoding would tell.

    PNG: colour types 4 and 6, or tRNS; GIF: a transparent index; WebP: the flags of VP8X and VP8L; TGA: attribute bits.
    """
    if name == "PNG":
        return content[25:26] in (b"\4", b"\6") or b"tRNS" in content[: content.find(b"IDAT")]
    if name == "GIF":
        return any(content[at + 3] & 1 for at in _places(content, b"\x21\xf9\x04"))
    if name in ("WebP", "lossless WebP"):
        return (content[12:16] == b"VP8X" and bool(int.from_bytes(content[20:21]) & 16)) or (
            content[12:16] == b"VP8L" and bool(int.from_bytes(content[24:25]) & 16)
        )
    if not name:
        return len(content) > 17 and content[2] in (1, 2, 9, 10) and content[17] & 15 > 0
    return name in ("TIFF", "AVIF", "JPEG 2000")


def _places(content: bytes, mark: bytes) -> Iterator[int]:
    """Yield where a mark stands in a file, with at least one byte after it."""
    at = content.find(mark)
    while 0 <= at < len(content) - len(mark):
        yield at
        at = content.find(mark, at + 1)


def frames(content: bytes, name: str) -> int:
    """Return how many frames, or pages, a file of the format ``name`` promises by its structure; 1 for a damaged one, 0 for no format.

    GIF: image descriptors; TIFF: image file directories; WebP: ANMF chunks; PNG: the count in acTL (and the default
    image, where that is no frame). No pixel is decoded. At most MOST_FRAMES are counted.
    """
    count = _COUNTERS.get(name)
    if count is None:
        return int(name != "")
    try:
        return max(1, min(MOST_FRAMES, count(content)))
    except (struct.error, IndexError):
        return 1


def _gif(data: bytes) -> int:
    """CompuServe GIF89a, sections 17 to 27: blocks after the screen descriptor; a truncated file holds what it holds."""
    count, at = 0, 13 + _table(data[10])
    try:
        while count < MOST_FRAMES:
            kind = data[at]
            if kind == 0x2C:
                count, at = count + 1, at + 11 + _table(data[at + 9])
            elif kind == 0x21:
                at += 2
            else:
                return count
            while data[at]:
                at += 1 + data[at]
            at += 1
    except IndexError:
        pass
    return count


def _table(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _tiff(data: bytes) -> int:
    """TIFF 6.0, section 2 (BigTIFF with 8-byte offsets): the chain of directories, each counted once."""
    order, big = "<" if data[:2] == b"II" else ">", b"+" in data[2:4]
    number, offset, entry, at = ("Q", "Q", 20, 8) if big else ("H", "I", 12, 4)
    visited: set[int] = set()
    try:
        (at,) = struct.unpack_from(order + offset, data, at)
        while at and at not in visited and len(visited) < MOST_FRAMES:
            (entries,) = struct.unpack_from(order + number, data, at)
            following = at + struct.calcsize(order + number) + entry * entries
            (next_one,) = struct.unpack_from(order + offset, data, following)
            visited.add(at)
            at = next_one
    except (struct.error, OverflowError):
        pass
    return len(visited)


def _webp(data: bytes) -> int:
    """WebP container: one ANMF chunk per frame of an animation."""
    count, at = 0, 12
    while at + 8 <= len(data) and count < MOST_FRAMES:
        kind, size = struct.unpack_from("<4sI", data, at)
        count += kind == b"ANMF"
        at += 8 + size + size % 2
    return count


def _png(data: bytes) -> int:
    """PNG 3, acTL and fcTL: acTL stands before IDAT, and so does the first fcTL where the default image is a frame."""
    count, default, at = 1, True, 8
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            break
        if kind == b"acTL":
            (count,), default = struct.unpack_from(">I", data, at + 8), False
        default = default or kind == b"fcTL"
        at += 12 + size
    return count if default else count + 1


_COUNTERS: dict[str, Callable[[bytes], int]] = {
    "GIF": _gif,
    "TIFF": _tiff,
    "WebP": _webp,
    "lossless WebP": _webp,
    "PNG": _png,
}
