"""Grids of images as PNG bytes, and animations of pictures."""

import io
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from gantlet.core.drawing.pictures import grid, thumbnail
from gantlet.core.errors import UsageError
from gantlet.core.files import write_bytes
from gantlet.core.words import counted

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

COLUMNS = 8
TILE = 32
"""Smaller images are enlarged, pixel by pixel, to at least this many pixels."""
FILMS = {".gif": "GIF", ".webp": "WEBP"}
"""Formats of films, by suffix."""


def grid_png(images: UInt8[np.ndarray, "n s t c"], columns: int = COLUMNS) -> bytes:
    """Return a grid of samples, ``columns`` in a row, as the bytes of a PNG file."""
    content = io.BytesIO()
    as_picture(tiled(images, columns)).save(content, format="PNG")
    return content.getvalue()


def as_picture(pixels: UInt8[np.ndarray, "h w c"]) -> "Picture":
    """Return an image, gray or RGB, as Pillow's."""
    from PIL import Image

    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[2] == 1 else pixels)


def tiled(
    images: UInt8[np.ndarray, "n s t c"], columns: int = COLUMNS, least: int = TILE
) -> UInt8[np.ndarray, "h w c"]:
    """Lay images out in rows, enlarged by a whole factor to at least ``least`` pixels; n is a multiple of ``columns``."""
    _, height, width, channels = images.shape
    factor = -(-least // height)
    large = images.repeat(factor, axis=1).repeat(factor, axis=2)
    grid = large.reshape(-1, columns, height * factor, width * factor, channels).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grid.reshape(-1, columns * width * factor, channels))


def contact_sheet(images: Iterable[UInt8[np.ndarray, "_ _ _"]], columns: int = COLUMNS, side: int = 64) -> "Picture":
    """Return images of any sizes as one picture, each in a square of ``side`` pixels or its own larger side, up to 256."""
    from PIL import Image

    several = list(images)
    side = min(256, max(side, *(max(image.shape[:2]) for image in several)))
    squares = [thumbnail(image, side) for image in several]
    return Image.fromarray(grid(squares, min(columns, len(squares))))


def first_as_grid(read: Callable[[int], UInt8[np.ndarray, "_ _ _"]], total: int, n: int, columns: int) -> "Picture":
    """Return the first ``n`` of ``total`` images as a `contact_sheet`; raises UsageError for n or columns < 1, or no images."""
    if min(n, columns, total) < 1:
        raise UsageError(
            f"a grid takes at least one image and one column; got n={n}, columns={columns}, of {counted(total, 'image')}"
        )
    return contact_sheet([read(i) for i in range(min(n, total))], columns)


def show(picture: "Picture") -> None:
    """Show a picture: below the cell of a notebook, else in the system's viewer."""
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        from IPython.display import display

        display(picture)
    else:
        picture.show()


def animate(frames: Sequence[Path], out: Path, milliseconds: int = 250) -> Path:
    """Write PNG files as one looping GIF whose last frame stays for two seconds; return ``out``."""
    from PIL import Image

    pictures = [Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE, colors=128) for path in frames]
    durations = [*[milliseconds] * (len(pictures) - 1), 2_000]
    write_bytes(out, film(pictures, ".gif", durations))
    return out


def film(frames: "Sequence[Picture]", suffix: str, durations: Sequence[int]) -> bytes:
    """Return pictures of one size as a film that loops, as the bytes of a GIF (256 colours a frame) or WebP file (exact).

    ``durations``: milliseconds of each.
    """
    content, form = io.BytesIO(), FILMS[suffix]
    exact = {"lossless": True} if form == "WEBP" else {"optimize": False}
    frames[0].save(
        content, format=form, save_all=True, append_images=frames[1:], duration=list(durations), loop=0, **exact
    )
    return content.getvalue()
