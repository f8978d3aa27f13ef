"""Grids of images as PNG bytes, and animations of pictures."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from gantlet.core.files import write_bytes

COLUMNS = 8
TILE = 32
"""Smaller images are enlarged, pixel by pixel, to at least this many pixels."""


def grid_png(images: UInt8[np.ndarray, "n s t c"], columns: int = COLUMNS) -> bytes:
    """Return a grid of samples, ``columns`` in a row, as the bytes of a PNG file."""
    from PIL import Image

    content, grid = io.BytesIO(), tiled(images, columns)
    Image.fromarray(grid.squeeze(-1) if images.shape[3] == 1 else grid).save(content, format="PNG")
    return content.getvalue()


def tiled(images: UInt8[np.ndarray, "n s t c"], columns: int = COLUMNS) -> UInt8[np.ndarray, "h w c"]:
    """Lay images out in rows, enlarged by a whole factor to at least TILE pixels; n is a multiple of ``columns``."""
    _, height, width, channels = images.shape
    factor = -(-TILE // height)
    large = images.repeat(factor, axis=1).repeat(factor, axis=2)
    grid = large.reshape(-1, columns, height * factor, width * factor, channels).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grid.reshape(-1, columns * width * factor, channels))


def animate(frames: Sequence[Path], out: Path, milliseconds: int = 250) -> Path:
    """Write PNG files as one looping GIF whose last frame stays for two seconds; return ``out``."""
    from PIL import Image

    pictures = [Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE, colors=128) for path in frames]
    content = io.BytesIO()
    durations = [*[milliseconds] * (len(pictures) - 1), 2_000]
    pictures[0].save(
        content, format="GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=False
    )
    write_bytes(out, content.getvalue())
    return out
