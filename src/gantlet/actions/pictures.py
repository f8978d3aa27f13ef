"""Pictures for a report: grids of images as PNG files."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.data.source import ImageSource
from gantlet.files import write_bytes

THUMBNAIL = 96
Images = Sequence[UInt8[np.ndarray, "h w c"]]


def png(image: UInt8[np.ndarray, "h w c"]) -> bytes:
    """Return an image, gray or RGB, as the bytes of a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


def thumbnail(image: UInt8[np.ndarray, "h w c"], side: int = THUMBNAIL) -> UInt8[np.ndarray, "s s 3"]:
    """Return an image as RGB inside a ``side`` × ``side`` square; small ones grow by whole pixels, large ones shrink."""
    from PIL import Image

    picture = Image.fromarray(np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image)
    longest = max(picture.size)
    if longest > side:
        scale = side / longest
        picture = picture.resize([max(1, round(length * scale)) for length in picture.size], Image.Resampling.LANCZOS)
    elif 2 * longest <= side:
        picture = picture.resize([length * (side // longest) for length in picture.size], Image.Resampling.NEAREST)
    canvas = Image.new("RGB", (side, side), (128, 128, 128))
    canvas.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return np.asarray(canvas)


def grid(images: Images, columns: int, gap: int = 2) -> UInt8[np.ndarray, "height width 3"]:
    """Return images of one size as a grid, row by row."""
    side = images[0].shape[0] + gap
    rows = -(-len(images) // columns)
    canvas = np.full((rows * side - gap, columns * side - gap, 3), 128, dtype=np.uint8)
    for index, image in enumerate(images):
        top, left = index // columns * side, index % columns * side
        canvas[top : top + side - gap, left : left + side - gap] = image
    return canvas


def write_grid(path: Path, source: ImageSource, rows: Int64[np.ndarray, " n"], columns: int) -> str:
    """Write the images at ``rows`` of a source as one PNG; return its file name relative to the report's folder."""
    side = max(24, min(THUMBNAIL, 640 // columns))
    write_bytes(path, png(grid([thumbnail(source.read(int(i)), side) for i in rows], columns)))
    return f"{path.parent.name}/{path.name}"


def by_class(labels: Int64[np.ndarray, " n"], n_classes: int, columns: int) -> Int64[np.ndarray, " m"]:
    """Return the rows of the first ``columns`` images of each class, class by class; classes with fewer are left out."""
    firsts = [np.flatnonzero(labels == k)[:columns] for k in range(n_classes)]
    return np.concatenate([np.empty(0, np.int64), *(rows for rows in firsts if len(rows) == columns)]).astype(np.int64)
