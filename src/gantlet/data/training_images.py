"""Read a whole source for a training: every image is looked at, and what is done to it is said."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from gantlet.core.specs import format_spec
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


def read_whole(
    source: ImageSource, resolution: int = 0, *, on_bad: str = "fail", progress: Progress | None = None
) -> Read:
    """Read all images at ``resolution`` pixels (0: the smallest side that holds them), in colour where any of them is in colour.

    Side and channels are guessed from 16 images; where all of them say otherwise, they are read again.
    Raises: as `to_array`.
    """
    size, channels = native_shape(source)
    shapes: dict[int, Shape] = {}

    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        image = source.read(i)
        shapes[i] = image.shape
        return image

    watched = dataclasses.replace(source, read=read)
    found = _read(watched, resolution or size, channels, on_bad, progress)
    seen = [shapes[int(row)] for row in found[0].rows]
    wanted = native_of(seen)
    if (resolution or wanted[0], wanted[1]) != (resolution or size, channels):
        found = _read(watched, resolution or wanted[0], wanted[1], on_bad, progress)
    return Read(*found, said=_said(source, seen, found[0]))


def _read(
    source: ImageSource, size: int, channels: int, on_bad: str, progress: Progress | None
) -> tuple[Images, UInt8[np.ndarray, "n s s i"] | None]:
    if source.inputs is None:
        return to_array(source, size, channels, on_bad, progress), None
    return pair_arrays(source, size, channels, progress, on_bad=on_bad)


def _said(source: ImageSource, seen: list[Shape], images: Images) -> tuple[str, ...]:
    """Return sentences on files left out, mixed colours, crops and sizes."""
    said = []
    if images.skipped:
        listing = "; ".join(f"{name} ({reason})" for name, reason in images.skipped)
        said.append(f"{len(images.skipped)} of {len(source)} files could not be decoded and were left out: {listing}")
    colour = sum(channels == 3 for _, _, channels in seen)
    if 0 < colour < len(seen):
        said.append(
            f"{colour:,} of {len(seen):,} images are in colour, the others gray: all are trained in colour; sort them apart if that "
            "is not meant"
        )
    if oblong := [(height, width) for height, width, _ in seen if height != width]:
        lost = 1 - np.mean([min(pair) / max(pair) for pair in oblong])
        which = format_spec("as-squares", {"of": original(source.spec), "fit": "pad"})
        way = "" if source.inputs is not None else f"; --data '{which}' keeps all of each, fit=stretch distorts them"
        said.append(
            f"{len(oblong):,} of {len(seen):,} images are not square: their middle is cut out, {lost:.0%} of each is lost{way}"
        )
    return (*said, *_resized(seen, images.pixels.shape[1], images.pixels.shape[3]))


def _resized(seen: list[Shape], size: int, channels: int) -> list[str]:
    sides = [min(height, width) for height, width, _ in seen]
    framed = [side for side in sides if channels == 1 and 4 * side >= 3 * size and side < size]
    ways = {
        "reduced": sum(side > size for side in sides),
        "framed in black": len(framed),
        "enlarged": sum(side < size for side in sides) - len(framed),
    }
    if not any(ways.values()):
        return []
    common = Counter(sides).most_common(1)[0][0]
    parts = ", ".join(f"{number:,} {way}" for way, number in ways.items() if number)
    return [f"images of {common} pixels are trained at {size}: {parts} (--resolution chooses the side)"]
