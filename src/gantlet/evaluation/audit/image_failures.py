"""Failures of single images: real images, each damaged in the same way."""

import io
from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from scipy import ndimage

from gantlet.evaluation.audit import FAILURES
from gantlet.evaluation.audit.pool import Pool

Picture = UInt8[np.ndarray, "h w c"]
Pictures = UInt8[np.ndarray, "n h w c"]
HENDRYCKS = "Hendrycks & Dietterich 2019, arXiv:1903.12261 (the kind of corruption; strengths are ours)"


@FAILURES.register(
    "blur", source=HENDRYCKS, title="blurred", unit="sd / side", strengths=(0.01, 0.02, 0.04, 0.08, 0.16)
)
def blur(pool: Pool, strength: float, _chance: np.random.Generator) -> Pictures:
    """Blur every image by a Gaussian whose standard deviation is a share of its side."""
    sd = strength * min(pool.pixels.shape[1:3])
    return _each(pool, lambda image: ndimage.gaussian_filter(image, (sd, sd, 0.0), mode="nearest"))


@FAILURES.register(
    "noise", source=HENDRYCKS, title="noisy", unit="sd in grey levels", strengths=(4.0, 8.0, 16.0, 32.0, 64.0)
)
def noise(pool: Pool, strength: float, chance: np.random.Generator) -> Pictures:
    """Add independent Gaussian noise to every pixel and channel."""
    return _each(pool, lambda image: image + strength * chance.standard_normal(image.shape))


@FAILURES.register(
    "jpeg", source=HENDRYCKS, title="JPEG", unit="100 − quality", strengths=(5.0, 25.0, 50.0, 75.0, 90.0)
)
def jpeg(pool: Pool, strength: float, _chance: np.random.Generator) -> Pictures:
    """Compress every image by JPEG (libjpeg's quality, chroma as Pillow's default: 4:2:0) and decode it."""
    return np.stack([_compressed(image, 100 - round(strength)) for image in pool.pixels[pool.fresh]])


@FAILURES.register(
    "colour", source=HENDRYCKS, title="colour cast", unit="gain − 1", strengths=(0.02, 0.05, 0.1, 0.2, 0.4)
)
def colour(pool: Pool, strength: float, _chance: np.random.Generator) -> Pictures:
    """Multiply red by 1 + s and blue by 1 − s; a gray image by 1 − s."""
    channels = pool.pixels.shape[3]
    gain = np.array([1 + strength, 1.0, 1 - strength]) if channels == 3 else np.array([1 - strength])
    return _each(pool, lambda image: image * gain)


@FAILURES.register(
    "shift",
    source="Xu et al. 2018, arXiv:1806.07755, section 3 (transformations that should not matter)",
    title="small shifts (harmless)",
    unit="largest shift / side",
    strengths=(0.015, 0.03, 0.045, 0.06),
    harmless=True,
)
def shift(pool: Pool, strength: float, chance: np.random.Generator) -> Pictures:
    """Shift each image by a random vector of at most a share of the side (cubic interpolation, edges repeated)."""
    reach = strength * pool.pixels.shape[1]

    def moved(image: np.ndarray) -> np.ndarray:
        return ndimage.shift(image, (*chance.uniform(-reach, reach, 2), 0.0), order=3, mode="nearest")

    return _each(pool, moved)


def _each(pool: Pool, change: Callable[[np.ndarray], np.ndarray]) -> Pictures:
    """Return the fresh images, each changed as float64, rounded and clipped to 0 … 255."""
    damaged = (change(image.astype(np.float64)) for image in pool.pixels[pool.fresh])
    return np.stack([np.rint(image.clip(0, 255)).astype(np.uint8) for image in damaged])


def _compressed(image: Picture, quality: int) -> Picture:
    buffer = io.BytesIO()
    Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer)).reshape(image.shape)
