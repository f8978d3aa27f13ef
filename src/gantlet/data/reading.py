"""One pass over a source: images are decoded once, by several threads, within bounded memory."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32, Int64, UInt8
from PIL import Image

from gantlet.core.errors import BadFiles, ConfigError, DataError
from gantlet.core.words import counted
from gantlet.data.decode import Undecodable
from gantlet.data.kinds import Items
from gantlet.data.source import ImageSource

CHUNK = 16
SIZES = (8, 16, 32, 64)
"""The image sides that networks and classifiers support."""
FIT_VERSION = 1
"""Increased whenever `fit_square` returns other pixels for the same image; part of every decoded cache's key."""
Pixels = UInt8[np.ndarray, "_ _ _"] | Float32[np.ndarray, "_ _ _"]
"""One image, values 0..255: as decoded, or unrounded as a generator returns it."""
PixelBatch = UInt8[np.ndarray, "_ _ _ _"] | Float32[np.ndarray, "_ _ _ _"]


class Batch(NamedTuple):
    """Some images in the source's order: their rows, the transformed items, and bad ones as (row, reason)."""

    rows: list[int]
    items: list[Any]
    bad: list[tuple[int, str]]


class Images(NamedTuple):
    """A source in memory: pixels, labels where it has any, their rows in the source, the skipped files."""

    pixels: UInt8[np.ndarray, "n s s c"]
    labels: Int64[np.ndarray, " n"] | None
    rows: Int64[np.ndarray, " n"]
    skipped: list[tuple[str, str]]


def read_all(
    source: Items,
    transform: Callable[[Any], Any],
    *,
    on_bad: str = "fail",
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
    share: slice = slice(None),
) -> Iterator[Batch]:
    """Decode every image (or read every point) once and yield ``transform(image)`` in the source's order, in batches of at most 16.

    Args: transform: runs in the worker threads; on_bad: fail (read to the end, then name every bad file) or skip
    (omit them; each batch lists its own); workers: threads, 0 = one per core, at most 8; progress: called with
    (done, total); share: these rows only.
    Raises: BadFiles at the end of the pass with all bad files; ConfigError. After a bad file under ``fail`` nothing
    more is yielded. At most 4 batches per worker are held in memory.
    """
    if on_bad not in ("fail", "skip"):
        raise ConfigError(f"on_bad must be fail or skip; got {on_bad!r}")
    workers = workers or min(8, os.cpu_count() or 1)

    rows = range(len(source))[share]

    def load(start: int) -> Batch:
        batch = Batch([], [], [])
        for i in rows[start : start + CHUNK]:
            try:
                batch.items.append(transform(source.read(i)))
                batch.rows.append(i)
            except Undecodable as error:
                batch.bad.append((i, error.reason))
        return batch

    bad: list[tuple[str, str]] = []
    done = 0
    for batch in _in_order(load, range(0, len(rows), CHUNK), workers):
        bad += [(source.names[row], reason) for row, reason in batch.bad]
        done += len(batch.rows) + len(batch.bad)
        if on_bad == "skip" or not bad:
            yield batch
        if progress:
            progress(done, len(rows))
    if bad and on_bad == "fail":
        raise BadFiles(source.spec, bad, len(source))
    if len(bad) == len(source):
        raise DataError(
            f"{source.spec}: none of its {counted(len(source), 'file')} could be decoded, e.g. {bad[0][0]} ({bad[0][1]})"
        )


def _in_order(load: Callable[[int], Batch], starts: range, workers: int) -> Iterator[Batch]:
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[Batch]] = deque()
    left = iter(starts)
    try:
        for start in islice(left, 4 * workers):
            waiting.append(pool.submit(load, start))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(load, start) for start in islice(left, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def fit_square(image: Pixels, size: int, channels: int) -> Pixels:
    """Fit one image to size × size pixels with 1 or 3 channels; an unrounded image stays unrounded.

    Gray → RGB repeats the channel; RGB → gray is ITU-R 601 luma. Then a centre crop to a square, and Pillow's
    antialiased Lanczos filter down or bicubic up. Convention: a gray image (after the first step) whose side is ¾ size
    or more, but below size, is zero-padded in the middle instead of enlarged: MNIST's usual 28 → 32.
    """
    pixels = np.ascontiguousarray(_channels(image, channels))
    height, width, _ = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[top : top + side, left : left + side]
    if side == size:
        return square
    if channels == 1 and 4 * side >= 3 * size and side < size:
        before = (size - side) // 2
        padded = np.zeros((size, size, 1), pixels.dtype)
        padded[before : before + side, before : before + side] = square
        return padded
    return resized(square, size, Image.Resampling.LANCZOS if side > size else Image.Resampling.BICUBIC)


def resized(image: Pixels, size: int, method: Image.Resampling) -> Pixels:
    """Return an image at size × size pixels by one of Pillow's filters, within 0..255; integers stay integers, floats are not rounded."""
    if image.dtype == np.uint8:
        picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
        return np.asarray(picture.resize((size, size), method)).reshape(size, size, image.shape[2])
    planes = [Image.fromarray(image[:, :, channel]).resize((size, size), method) for channel in range(image.shape[2])]
    return np.stack([np.asarray(plane) for plane in planes], axis=2).clip(0, 255)


def _channels(image: Pixels, channels: int) -> Pixels:
    if image.shape[2] == channels:
        return image
    if channels == 3:
        return np.repeat(image, 3, axis=2)
    if image.dtype != np.uint8:
        return (image @ np.array([0.299, 0.587, 0.114], np.float32))[:, :, None]
    return np.asarray(Image.fromarray(image).convert("L"))[:, :, None]


def to_array(
    source: ImageSource,
    size: int,
    channels: int,
    on_bad: str = "fail",
    progress: Callable[[int, int], None] | None = None,
) -> Images:
    """Read a whole source as size × size pixels with 1 or 3 channels (see `fit_square`), into one array; raises as `read_all`."""
    pixels = np.empty((len(source), size, size, channels), np.uint8)
    rows: list[int] = []
    skipped = []
    for batch in read_all(source, lambda image: fit_square(image, size, channels), on_bad=on_bad, progress=progress):
        for place, item in enumerate(batch.items, len(rows)):
            pixels[place] = item
        rows += batch.rows
        skipped += [(source.names[row], why) for row, why in batch.bad]
    index = np.array(rows, np.int64)
    labels = None if source.labels is None else source.labels[index]
    return Images(pixels[: len(index)], labels, index, skipped)


def fitted(source: ImageSource, size: int, channels: int) -> ImageSource:
    """Return the same source with every image fitted to size × size pixels, as in a generator's training."""

    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        return fit_square(source.read(i), size, channels)

    digest = hashlib.sha256(f"{source.digest} fitted to {size} {channels}".encode()).hexdigest()
    note = f"fitted to {size}×{size} pixels with {counted(channels, 'channel')}"
    return replace(source, read=read, digest=digest, notes=(*source.notes, note))


def sample_shapes(source: ImageSource) -> list[tuple[int, ...]]:
    """Return the shapes of 16 images spread over a source; raises DataError when none of them can be decoded."""
    shapes = []
    for i in np.unique(np.linspace(0, len(source) - 1, 16).astype(int)):
        try:
            shapes.append(source.read(int(i)).shape)
        except Undecodable:
            continue
    if not shapes:
        raise DataError(f"{source.spec}: none of 16 files spread over it could be decoded")
    return shapes


def native_shape(source: ImageSource) -> tuple[int, int]:
    """Return the smallest of SIZES that holds the source's images (64 where none does), and its channels, 1 or 3.

    Determined from 16 images spread over the source; RGB where any of them is RGB. Raises DataError when none can be decoded.
    """
    return native_of(sample_shapes(source))


def native_of(shapes: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Return the smallest of SIZES that holds images of these shapes (64 where none does), and their most channels."""
    side = max(min(height, width) for height, width, _ in shapes)
    return next((size for size in SIZES if size >= side), SIZES[-1]), max(channels for _, _, channels in shapes)
