"""Read a whole source for a training: every image is looked at, and what is done to it is said."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from gantlet.core.specs import format_spec
from gantlet.core.words import agreeing, some_of
from gantlet.data.decoded import decoded
from gantlet.data.paired import pair_arrays
from gantlet.data.random_split import original
from gantlet.data.reading import Images, native_of, native_shape, to_array
from gantlet.data.source import ImageSource

Shape = tuple[int, ...]
Progress = Callable[[int, int], None]


class Read(NamedTuple):
    """The images, the input image of each (of pairs), and sentences on what was done to them."""

    images: Images
    inputs: UInt8[np.ndarray, "n s s i"] | None
    said: tuple[str, ...]


def nobody(sentence: str) -> None:
    """Tell nobody."""


def read_whole(
    source: ImageSource,
    resolution: int = 0,
    *,
    on_bad: str = "fail",
    progress: Progress | None = None,
    cache: bool = False,
    say: Callable[[str], None] = nobody,
) -> Read:
    """Read all images at ``resolution`` pixels (0: the smallest side that holds them), in colour where any of them is in colour.

    Side and channels are guessed from 16 images; where all of them say otherwise, they are read again.
    ``cache``: a large set is decoded once into a file that is mapped (see `decoded`), but for pairs; ``say``: called with
    sentences on that.
    Raises: as `to_array`.
    """
    size, channels = native_shape(source)

    def read(size: int, channels: int) -> _Found:
        kept = None
        if cache and source.inputs is None:
            kept = decoded(source, size, channels, on_bad=on_bad, progress=progress, say=say)
        return _Found(kept.images, None, kept.shapes) if kept else _read(source, size, channels, on_bad, progress)

    found = read(resolution or size, channels)
    wanted = native_of(list(found.shapes))
    if (resolution or wanted[0], wanted[1]) != (resolution or size, channels):
        found = read(resolution or wanted[0], wanted[1])
    return Read(found.images, found.inputs, said=_said(source, found.shapes, found.images))


class _Found(NamedTuple):
    """The images, the input image of each (of pairs), and how many images had each shape."""

    images: Images
    inputs: UInt8[np.ndarray, "n s s i"] | None
    shapes: Counter[Shape]


def _read(source: ImageSource, size: int, channels: int, on_bad: str, progress: Progress | None) -> _Found:
    shapes: dict[int, Shape] = {}

    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        image = source.read(i)
        shapes[i] = image.shape
        return image

    watched, inputs = dataclasses.replace(source, read=read), None
    if source.inputs is None:
        images = to_array(watched, size, channels, on_bad, progress)
    else:
        images, inputs = pair_arrays(watched, size, channels, progress, on_bad=on_bad)
    return _Found(images, inputs, Counter(shapes[int(row)] for row in images.rows))


def _said(source: ImageSource, shapes: Counter[Shape], images: Images) -> tuple[str, ...]:
    """Return sentences on files left out, mixed colours, crops and sizes."""
    said = []
    if left := len(images.skipped):
        listing = "; ".join(f"{name} ({reason})" for name, reason in images.skipped)
        said.append(
            f"{some_of(left, len(source), 'file')} could not be decoded and {agreeing(left, 'were')} left out: {listing}"
        )
    n = shapes.total()
    colour = sum(count for (_, _, channels), count in shapes.items() if channels == 3)
    if 0 < colour < n:
        said.append(
            f"{some_of(colour, n, 'image', 'are')} in colour, the others gray: all are trained in colour; sort them apart if that "
            "is not meant"
        )
    if oblong := [(min(side) / max(side), count) for (*side, _), count in shapes.items() if side[0] != side[1]]:
        many = sum(count for _, count in oblong)
        lost = 1 - sum(left * count for left, count in oblong) / many
        which = format_spec("as-squares", {"of": original(source.spec), "fit": "pad"})
        way = "" if source.inputs is not None else f"; --data '{which}' keeps all of each, fit=stretch distorts them"
        said.append(
            f"{some_of(many, n, 'image', 'are')} not square: their middle is cut out, {lost:.0%} of each is lost{way}"
        )
    return (*said, *_resized(shapes, images.pixels.shape[1], images.pixels.shape[3]))


def _resized(shapes: Counter[Shape], size: int, channels: int) -> list[str]:
    sides: Counter[int] = Counter()
    for (height, width, _), count in shapes.items():
        sides[min(height, width)] += count
    ways = {"reduced": 0, "framed in black": 0, "enlarged": 0}
    for side, count in sides.items():
        small = "framed in black" if channels == 1 and 4 * side >= 3 * size else "enlarged"
        if side != size:
            ways["reduced" if side > size else small] += count
    if not any(ways.values()):
        return []
    common = sides.most_common(1)[0][0]
    parts = ", ".join(f"{number:,} {way}" for way, number in ways.items() if number)
    return [f"images of {common} pixels are trained at {size}: {parts} (--resolution chooses the side)"]
