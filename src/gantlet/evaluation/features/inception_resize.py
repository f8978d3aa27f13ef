"""Three published ways from an image to Inception's 299×299 input; they differ, and FID with them."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int64
from PIL import Image

from gantlet.data.reading import Pixels

SIZE = 299


class Resize(NamedTuple):
    """A resize to 299×299 with its normalisation, and the words that name both in an extractor's identity."""

    apply: Callable[[Pixels], Float32[np.ndarray, "299 299 3"]]
    words: str


class Axis(NamedTuple):
    """For every output pixel of one axis: its two input pixels, and the weight of the second."""

    low: Int64[np.ndarray, " out"]
    high: Int64[np.ndarray, " out"]
    weight: Float32[np.ndarray, " out"]


@lru_cache(maxsize=1024)
def axis(size: int, *, half_pixel: bool, channels: int = 1) -> Axis:
    """Return where bilinear interpolation from ``size`` to 299 pixels looks.

    Output i lies at i·size/299 (TensorFlow 1: pixels are points, the picture moves by up to half a pixel), or with
    ``half_pixel`` at (i + ½)·size/299 − ½, at least 0. Beyond the last pixel it is repeated. No antialiasing. With
    several ``channels`` the places are those of interleaved values: pixel·channels + channel.
    """
    at = np.arange(SIZE, dtype=np.float64)
    at = np.maximum((at + 0.5) * size / SIZE - 0.5, 0) if half_pixel else at * size / SIZE
    low = np.minimum(np.floor(at).astype(np.int64), size - 1)
    high, weight = np.minimum(low + 1, size - 1), (at - low).astype(np.float32)
    place = [(pixels[:, None] * channels + np.arange(channels)).reshape(-1) for pixels in (low, high)]
    return Axis(place[0], place[1], weight.repeat(channels))


def bilinear(image: Pixels, *, half_pixel: bool) -> Float32[np.ndarray, "299 299 3"]:
    """Return the image at 299×299 pixels, values 0..255, not rounded; see `axis`."""
    height, width, _ = image.shape
    rows, columns = axis(height, half_pixel=half_pixel), axis(width, half_pixel=half_pixel, channels=3)
    flat = image.reshape(height, 3 * width).astype(np.float32)
    wide = _between(flat.take(columns.low, axis=1), flat.take(columns.high, axis=1), columns.weight)
    tall = _between(wide[rows.low], wide[rows.high], rows.weight[:, None])
    return tall.reshape(SIZE, SIZE, 3)


def _between(
    first: Float32[np.ndarray, "h w"], second: Float32[np.ndarray, "h w"], weight: Float32[np.ndarray, "..."]
) -> Float32[np.ndarray, "h w"]:
    """Return first + (second − first)·weight, made in ``second``."""
    second -= first
    second *= weight
    second += first
    return second


def tf1(image: Pixels) -> Float32[np.ndarray, "299 299 3"]:
    """TensorFlow 1's bilinear resize, then (v − 128)/128: FID as first published, and torch-fidelity's."""
    return _centred(bilinear(image, half_pixel=False))


def pytorch_fid(image: Pixels) -> Float32[np.ndarray, "299 299 3"]:
    """PyTorch's bilinear resize with half-pixel centres, then 2·v/255 − 1."""
    values = bilinear(image, half_pixel=True)
    values *= np.float32(2 / 255)
    values -= np.float32(1)
    return values


def clean(image: Pixels) -> Float32[np.ndarray, "299 299 3"]:
    """Pillow's antialiased bicubic on each channel as float, clipped to 0..255, not rounded, then (v − 128)/128."""
    out = np.empty((SIZE, SIZE, 3), np.float32)
    for channel in range(3):
        picture = Image.fromarray(image[:, :, channel].astype(np.float32))
        out[:, :, channel] = np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    return _centred(out.clip(0, 255))


def _centred(values: Float32[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w 3"]:
    """Return (v − 128)/128, made in place."""
    values -= np.float32(128)
    values *= np.float32(1 / 128)
    return values


RESIZES = {
    "tf1": Resize(tf1, "TensorFlow 1 bilinear 299 (no half-pixel centres, no antialias), (v - 128)/128"),
    "pytorch-fid": Resize(pytorch_fid, "bilinear 299 (half-pixel centres, no antialias), 2v/255 - 1"),
    "clean": Resize(clean, "Pillow bicubic 299 per float channel, clipped, not rounded, (v - 128)/128"),
}
