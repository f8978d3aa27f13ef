"""Images of any source made square before a network sees them: cropped, padded or stretched."""

import dataclasses
import hashlib

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from gantlet.core.errors import ConfigError
from gantlet.core.specs import format_spec
from gantlet.data import SOURCES
from gantlet.data.decode import BACKGROUNDS
from gantlet.data.opening import open_images
from gantlet.data.source import ImageSource

FITS = ("crop", "pad", "stretch")


@SOURCES.register("as-squares", source="Pillow's ImageOps.fit, ImageOps.pad and Image.resize, the usual three ways")
def as_squares(of: str, fit: str = "crop", background: str = "black") -> ImageSource:
    """The images of ``of``, each made square.

    ``crop``: the middle, of the shorter side (what networks get anyway); ``pad``: the whole image in the middle of a square of
    the longer side, on ``background``; ``stretch``: the whole image at the longer side both ways (bicubic), its proportions lost.

    Args: of: the images, e.g. as-squares[of=photos,fit=pad]; fit: crop, pad or stretch; background: black or white.
    Raises: ConfigError for another fit or background, and for pairs, whose two images it would fit apart.
    Convention: the name is part of the data, so that an evaluation names the same squares: --real 'as-squares[of=photos,fit=pad]'.
    """
    if fit not in FITS:
        raise ConfigError(f"option 'fit' of data source 'as-squares' must be one of {', '.join(FITS)}; got {fit!r}")
    if background not in BACKGROUNDS:
        raise ConfigError(f"option 'background' must be one of {', '.join(BACKGROUNDS)}; got {background!r}")
    source = open_images(of)
    if source.inputs is not None:
        raise ConfigError(f"{source.spec} holds pairs; make squares of their images first: paired[of=as-squares[of=…]]")
    options = {"fit": fit, **({"background": background} if background != "black" else {})}

    def read(i: int) -> UInt8[np.ndarray, "s s c"]:
        return squared(source.read(i), fit, BACKGROUNDS[background])

    def spec(inner: str) -> str:
        return format_spec("as-squares", {"of": inner, **options}) if inner else ""

    return dataclasses.replace(
        source,
        spec=spec(source.spec),
        read=read,
        digest=hashlib.sha256(f"{source.digest} squared by {fit} on {background}".encode()).hexdigest(),
        held_out=spec(source.held_out),
        latents=None,
    )


def squared(image: UInt8[np.ndarray, "h w c"], fit: str, background: int) -> UInt8[np.ndarray, "s s c"]:
    """Return an image as a square of its shorter side (crop) or its longer side (pad, stretch)."""
    height, width, channels = image.shape
    if height == width:
        return image
    if fit == "crop":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return image[top : top + side, left : left + side]
    side = max(height, width)
    if fit == "pad":
        canvas = np.full((side, side, channels), background, np.uint8)
        top, left = (side - height) // 2, (side - width) // 2
        canvas[top : top + height, left : left + width] = image
        return canvas
    picture = Image.fromarray(image[:, :, 0] if channels == 1 else image)
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC)).reshape(side, side, channels)
