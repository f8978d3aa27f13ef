"""Pillow's images as arrays, where no choice about transparency or depth is left to make."""

from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from gantlet.core.errors import DataError

_WITH_ALPHA = ("RGBA", "RGBa", "LA", "La", "PA")


def is_picture(value: Any) -> bool:
    """Return whether a value is an image of Pillow's."""
    return isinstance(value, Image.Image)


def picture_pixels(what: str, image: Image.Image) -> UInt8[np.ndarray, "h w c"]:
    """Return an image of Pillow's as uint8 [h, w, c]: gray stays gray, palettes and CMYK become RGB, opaque alpha is dropped.

    Raises: DataError for transparent pixels, whose background is the caller's to choose, and for more than 8 bits.
    """
    mode = image.mode
    if mode in _WITH_ALPHA or "transparency" in image.info:
        image = image.convert("LA" if mode in ("LA", "La", "L", "1") else "RGBA")
        if int(np.asarray(image)[:, :, -1].min()) < 255:
            raise DataError(
                f"{what} has transparent pixels, and their background is yours to choose: composite it first, e.g. "
                "PIL.Image.alpha_composite(white, image).convert('RGB')"
            )
        mode = "L" if image.mode == "LA" else "RGB"
    if mode.startswith(("I", "F")):
        raise DataError(f"{what} is of mode {mode}, whose range is not stated; convert it to L or RGB first")
    gray = mode in ("1", "L")
    pixels = np.asarray(image.convert("L" if gray else "RGB"))
    if 0 in pixels.shape:
        raise DataError(f"{what} is of {image.width}×{image.height} pixels; expected at least one")
    return pixels[:, :, None] if gray else pixels
