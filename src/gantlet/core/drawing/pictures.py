"""Pictures for a report: grids of images as PNG files."""

import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

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
