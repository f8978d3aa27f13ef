"""One pass over the bytes of a set of image files: its digest, the formats, the frames, and how deep 16-bit gray goes."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from gantlet.data.decode import Undecodable, is_deep, opened
from gantlet.data.formats import frames, has_alpha, sniffed

SCALED = ("PPM", "JPEG 2000")
"""Formats that state their largest value, to which the decoder scales."""
SHALLOW = (8, 10, 12)
"""Bits that files of 16 bits may hold in truth."""
T = TypeVar("T")


class Facts(NamedTuple):
    """What the bytes of one file say.

    ``digest``: their SHA-256; ``frames``: 0 for an unreadable file or one of no known format; ``largest``: the largest value of
    16-bit gray (−1: none was measured); ``transparent``: whether it may have transparent pixels.
    """

    digest: bytes
    format: str
    frames: int = 1
    largest: int = -1
    transparent: bool = False


@dataclass(frozen=True)
class Survey:
    """The facts of all files, in their order."""

    facts: Sequence[Facts]

    def digest(self, background: int, options: str = "") -> str:
        """Return the SHA-256 over all contents, and over what decides their pixels."""
        whole = hashlib.sha256(f"files on {background}:{options}".encode())
        for fact in self.facts:
            whole.update(fact.digest)
        return whole.hexdigest()

    @property
    def counts(self) -> list[int]:
        """Return the number of frames of each file."""
        return [fact.frames for fact in self.facts]

    @property
    def formats(self) -> list[str]:
        """Return the format of each file."""
        return [fact.format for fact in self.facts]

    @property
    def bits(self) -> int:
        """Return how many bits the 16-bit gray files use, where that is 8, 10 or 12; else 0."""
        return next((bits for bits in SHALLOW if 0 < self.largest < 2**bits), 0)

    @property
    def largest(self) -> int:
        """Return the largest value of all 16-bit gray files that were measured; −1 where there is none."""
        return max((fact.largest for fact in self.facts), default=-1)


def survey(items: Iterable[T], load: Callable[[T], bytes], *, depth: int = 16, workers: int = 4) -> Survey:
    """Read every file once; ``load`` returns one file's bytes, from several threads, or raises Undecodable.

    ``depth``: decode 16-bit gray files for their largest value, until one uses more than so many bits; 0: none of them.
    """
    measured = [depth > 0]

    def one(item: T) -> Facts:
        try:
            content = load(item)
        except Undecodable as error:
            return Facts(hashlib.sha256(f"unreadable: {error.reason}".encode()).digest(), "", 0)
        name = sniffed(content)
        largest = _largest(content, name) if measured[0] else -1
        if largest >= 2**depth:
            measured[0] = False
        return Facts(hashlib.sha256(content).digest(), name, frames(content, name), largest, has_alpha(content, name))

    with ThreadPoolExecutor(workers) as pool:
        return Survey(list(pool.map(one, items)))


def _largest(content: bytes, name: str) -> int:
    """Return the largest value of a 16-bit gray image, first frame, or −1."""
    if name in SCALED or (name == "PNG" and content[24:26] != b"\x10\0") or name not in ("PNG", "TIFF"):
        return -1
    try:
        with opened(content) as file:
            return int(np.asarray(file).max()) if is_deep(file) else -1
    except Undecodable:
        return -1
