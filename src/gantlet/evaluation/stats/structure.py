"""Local structure of two images: the windowed means, variances and covariance of SSIM and MS-SSIM."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

WINDOW = 11
SIGMA = 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
GRAY = 127.5
"""Subtracted before squaring, so that float32 keeps the variance of bright images."""


@lru_cache(maxsize=64)
def smoothing(length: int) -> Float[Tensor, "out length"]:
    """Return the matrix of a Gaussian mean over 11 neighbours (σ = 1.5), inside the image only.

    Convention: where ``length`` is below 11 the window is the whole length and σ shrinks with it, as in the
    MS-SSIM program of TensorFlow's models that compare_gan uses.
    """
    size = min(WINDOW, length)
    at = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    weights = torch.exp(-(at**2) / (2 * (SIGMA * size / WINDOW) ** 2))
    rows = torch.zeros(length - size + 1, length, dtype=torch.float64)
    for i in range(len(rows)):
        rows[i, i : i + size] = weights / weights.sum()
    return rows


def smoothed(images: Float[Tensor, "... h w"]) -> Float[Tensor, "... h_out w_out"]:
    """Return the Gaussian mean around every pixel that is 5 pixels or more inside."""
    down, across = (smoothing(side).to(images.dtype) for side in images.shape[-2:])
    return down @ images @ across.T


@dataclass(frozen=True, eq=False)
class Local:
    """Images [..., h, w] minus GRAY, with their local means and variances."""

    pixels: Float[Tensor, "... h w"]
    mean: Float[Tensor, "... h_out w_out"]
    variance: Float[Tensor, "... h_out w_out"]

    @classmethod
    def of(cls, images: Float[Tensor, "... h w"]) -> "Local":
        """Return the local moments of images with values 0..255."""
        pixels = images - GRAY
        mean = smoothed(pixels)
        return cls(pixels, mean, smoothed(pixels.square()) - mean.square())

    def __getitem__(self, index: int | slice) -> "Local":
        return Local(self.pixels[index], self.mean[index], self.variance[index])


def likeness(x: Local, y: Local) -> tuple[Float[Tensor, "... h w"], Float[Tensor, "... h w"]]:
    """Return the maps l·c·s and c·s of two images; x may be one image against many.

    l = (2 μ_x μ_y + C₁)/(μ_x² + μ_y² + C₁), c·s = (2 σ_xy + C₂)/(σ_x² + σ_y² + C₂), C₁ = 2.55², C₂ = 7.65².
    Source: Wang et al. 2004, IEEE Trans. Image Processing 13(4), Eq. 13.
    """
    covariance = smoothed(x.pixels * y.pixels) - x.mean * y.mean
    contrast = (2 * covariance + C2) / (x.variance + y.variance + C2)
    mu_x, mu_y = x.mean + GRAY, y.mean + GRAY
    return contrast * (2 * mu_x * mu_y + C1) / (mu_x.square() + mu_y.square() + C1), contrast
