"""Decoded images on disk: a large set is decoded once, into a file that trainings map instead of holding it in memory."""

import json
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from gantlet.core.errors import BadFiles, DataError, OutputError
from gantlet.core.files import cache_folder, json_digest, read_text, write_text
from gantlet.core.locks import turn
from gantlet.core.words import counted
from gantlet.data import decode
from gantlet.data.decoded_unused import remove_unused, used
from gantlet.data.reading import FIT_VERSION, Images, fit_square, read_all
from gantlet.data.source import ImageSource

LEAST = 2**24
"""Bytes of decoded pixels: smaller sets are decoded in a moment and stay in memory."""
BLOCK = 1024
"""Images between two points that an interrupted decoding goes on from."""
Shape = tuple[int, ...]


class Decoded(NamedTuple):
    """The images, mapped, and how many of them had each shape before they were fitted."""

    images: Images
    shapes: Counter[Shape]


@dataclass(frozen=True)
class Block:
    """At most `BLOCK` rows of the source as they lie in the file: images, checksum, bad rows with reasons, shapes with counts."""

    kept: int
    crc32: int
    bad: list[list[Any]]
    shapes: list[list[Any]]


@dataclass(frozen=True)
class _Cache:
    """The files of one decoded set; ``made_of``, of which its name is the digest, is all that decides its bytes."""

    source: ImageSource
    shape: tuple[int, int, int]
    made_of: dict[str, Any]

    def path(self, suffix: str) -> Path:
        return cache_folder() / "decoded" / f"{json_digest(self.made_of)[:40]}{suffix}"

    @property
    def image_bytes(self) -> int:
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def unfinished(self) -> tuple[Path, Path]:
        """Return the pixels and the blocks of a decoding that has not ended."""
        return self.path(".unfinished"), self.path(".unfinished.jsonl")


def decoded(
    source: ImageSource,
    size: int,
    channels: int,
    *,
    on_bad: str,
    progress: Callable[[int, int], None] | None,
    say: Callable[[str], None],
) -> Decoded | None:
    """Return a source at size × size pixels, mapped from the cache; decode it into the cache where it is not there yet.

    The cache is keyed by the content of the source, the size and all that decodes and fits an image, so that other data have
    another file. A decoding that was interrupted goes on at its last whole block. Of several processes one decodes, the others
    wait for it. A file whose checksums are wrong is made anew. Before a set is decoded, others that no training has read for 30 days
    are removed (`remove_unused`).

    Returns: None, once it was said why, where the disk does not take or map the file; smaller sets than `LEAST` bytes too.
    Raises: as `read_all`.
    """
    cache = _Cache(source, (size, size, channels), _made_of(source, size, channels, on_bad))
    if len(source) * cache.image_bytes < LEAST:
        return None
    try:
        cache.path("").parent.mkdir(parents=True, exist_ok=True)
        with turn(cache.path(".lock"), lambda: say("another process decodes the same images: waiting for it")):
            blocks = _whole(cache, say)
            if blocks is None:
                if sentence := remove_unused(cache.path("").parent, but=cache.path(".lock")):
                    say(sentence)
                blocks = _made(cache, on_bad, progress, say)
            used(cache.path(".json"))
        return _mapped(cache, blocks)
    except (OSError, OutputError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        say(
            f"the decoded images are held in memory: {cache.path('').parent} cannot keep them "
            f"({reason or error}); set GANTLET_CACHE to a folder on another disk, or use --no-cache"
        )
        return None


def _made_of(source: ImageSource, size: int, channels: int, on_bad: str) -> dict[str, Any]:
    versions = {"decoder": decode.VERSION, "fit": FIT_VERSION, "pillow": Image.__version__}  # type: ignore[attr-defined]
    return {"digest": source.digest, "n": len(source), "shape": [size, size, channels], "on_bad": on_bad, **versions}


def _whole(cache: _Cache, say: Callable[[str], None]) -> list[Block] | None:
    """Return the blocks of a finished file, every one of them checked; None where there is none, or it is damaged."""
    facts = cache.path(".json")
    if not facts.exists():
        return None
    try:
        found = json.loads(read_text(facts))
        blocks = [Block(**block) for block in found["blocks"]]
        with cache.path(".pixels").open("rb") as file:
            right = found["made_of"] == cache.made_of and len(list(_intact(file, blocks, cache))) == len(blocks)
            right = right and not file.read(1)
    except (DataError, OSError, ValueError, KeyError, TypeError):
        right = False
    if right:
        return blocks
    say(f"the decoded images in {cache.path('.pixels')} are damaged: they are decoded anew")
    facts.unlink(missing_ok=True)
    return None


def _intact(file: BinaryIO, blocks: list[Block], cache: _Cache) -> Iterator[Block]:
    """Yield the leading blocks whose bytes have the right checksum."""
    for block in blocks:
        if zlib.crc32(file.read(block.kept * cache.image_bytes)) != block.crc32:
            return
        yield block


def _made(
    cache: _Cache, on_bad: str, progress: Callable[[int, int], None] | None, say: Callable[[str], None]
) -> list[Block]:
    """Decode what is missing, and give the file its name when it is whole; raises OSError, and what `read_all` raises."""
    pixels, log = cache.unfinished
    n = len(cache.source)
    blocks = _resumed(cache)
    begun = f", {len(blocks) * BLOCK:,} of them are there already" if blocks else ""
    say(
        f"decoding {counted(n, 'image')} into {pixels.parent} ({n * cache.image_bytes / 1e6:,.0f} MB){begun}; later trainings read them there "
        "(--no-cache holds them in memory)"
    )
    try:
        with pixels.open("r+b") as file, log.open("a", encoding="utf-8") as lines:
            file.seek(sum(block.kept for block in blocks) * cache.image_bytes)
            for block, content in _decoding(cache, len(blocks) * BLOCK, on_bad, progress):
                file.write(content)
                file.flush()
                lines.write(json.dumps(vars(block)) + "\n")
                lines.flush()
                blocks.append(block)
            os.fsync(file.fileno())
        if not any(block.kept for block in blocks):
            raise BadFiles(cache.source.spec, [(cache.source.names[i], why) for i, why in _bad(blocks)], n)
    except DataError:  # these images will never be whole
        for path in cache.unfinished:
            path.unlink(missing_ok=True)
        raise
    pixels.replace(cache.path(".pixels"))
    write_text(cache.path(".json"), json.dumps({"made_of": cache.made_of, "blocks": [vars(block) for block in blocks]}))
    log.unlink(missing_ok=True)
    return blocks


def _resumed(cache: _Cache) -> list[Block]:
    """Return the blocks of an interrupted decoding that are whole, and cut off what comes after them."""
    pixels, log = cache.unfinished
    pixels.touch()
    blocks: list[Block] = []
    with suppress(DataError, ValueError, TypeError):  # no such file yet; a last line that is torn
        for line in read_text(log).splitlines():
            blocks.append(Block(**json.loads(line)))
    with pixels.open("r+b") as file:
        blocks = list(_intact(file, blocks, cache))
        file.truncate(sum(block.kept for block in blocks) * cache.image_bytes)
    write_text(log, "".join(json.dumps(vars(block)) + "\n" for block in blocks))
    return blocks


def _decoding(
    cache: _Cache, start: int, on_bad: str, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[Block, bytes]]:
    """Decode the rows from ``start`` on; yield each block with its bytes."""
    size, _, channels = cache.shape
    n = len(cache.source)

    def fitted(image: UInt8[np.ndarray, "h w c"]) -> tuple[Shape, UInt8[np.ndarray, "s s c"]]:
        return tuple(image.shape), fit_square(image, size, channels)

    def show(done: int, _: int) -> None:
        if progress:
            progress(start + done, n)

    items: list[Any] = []
    bad: list[tuple[int, str]] = []
    for batch in read_all(cache.source, fitted, on_bad=on_bad, progress=show, share=slice(start, None)):
        items += batch.items
        bad += batch.bad
        if len(items) + len(bad) == BLOCK or (batch.rows + [row for row, _ in batch.bad])[-1:] == [n - 1]:
            content = b"".join(np.ascontiguousarray(image).data for _, image in items)
            shapes = [[*shape, count] for shape, count in Counter(shape for shape, _ in items).items()]
            yield Block(len(items), zlib.crc32(content), [list(entry) for entry in bad], shapes), content
            items, bad = [], []


def _mapped(cache: _Cache, blocks: list[Block]) -> Decoded:
    """Return the finished file as images; what is written into the array (nothing is) would stay in this process."""
    kept = sum(block.kept for block in blocks)
    pixels = np.asarray(np.memmap(cache.path(".pixels"), np.uint8, "c", shape=(kept, *cache.shape)))
    bad = _bad(blocks)
    rows = np.setdiff1d(np.arange(len(cache.source)), [row for row, _ in bad]).astype(np.int64)
    labels = None if cache.source.labels is None else cache.source.labels[rows]
    shapes: Counter[Shape] = Counter()
    for block in blocks:
        for *shape, count in block.shapes:
            shapes[tuple(shape)] += count
    return Decoded(Images(pixels, labels, rows, [(cache.source.names[row], why) for row, why in bad]), shapes)


def _bad(blocks: list[Block]) -> list[tuple[int, str]]:
    return [(row, why) for block in blocks for row, why in block.bad]
