"""Alignment: how like a training image each image is, pixel by pixel, after a shift and a mirroring are undone.

For gray thumbnails q, t of S × S values in [0, 1]:

    a(q, t) = min over q and its mirror image, over shifts by up to ±R pixels, of the root mean square difference
              between the inner (S − 2R)² pixels of q and the pixels of t on which they come to lie,
    ratio(q) = (min_t a(q, t) + f) / (median_t a(q, t) + f),  f = 0.01,

t among the 2K candidates of q: the K training images whose blurred thumbnails lie nearest to that of q, shifted by −2, 0 or 2
pixels each way, and the K nearest to its mirror image. In CIFAR-10 a copy has a ratio of about 0.05, one compressed again by JPEG 0.16, a picture of its own
0.9, and one in a hundred of these less than 0.7. The neighbours in the denominator, and f, are there for flat and blurred
pictures, which lie near everything (after the adaptive threshold of Carlini et al. 2023, arXiv:2301.13188, which takes the
50 nearest neighbours, without shifts and mirroring).
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64, UInt8
from torch import Tensor

from gantlet.core.numerics.distances import row_chunks

SIDE, REACH, CANDIDATES = 32, 3, 8
STEP = 2
"""Pixels by which queries are shifted in the search for candidates."""
CELL, BLUR = 4, 2.5
BLOCK, TILE = 256, 2**24
"""Images, and distances of images, that are held at once."""
FLAT = 0.01
"""Added to both distances of the ratio, 2.6 grey levels of 256: flat pictures, which lie near everything, are no copies."""


@dataclass(frozen=True)
class Aligned:
    """For m queries: ratio [m], distance [m] to the nearest training image and that image's row [m]."""

    ratio: Float64[np.ndarray, " m"]
    distance: Float64[np.ndarray, " m"]
    nearest: Int64[np.ndarray, " m"]


class AlignedSearch:
    """The training thumbnails, uint8 [n, 32, 32], ready to be searched; needs n > 8."""

    def __init__(self, train: UInt8[np.ndarray, "n s s"]) -> None:
        self.pixels = train
        self.blurred = torch.cat([_blurred(_unit(train[part])) for part in row_chunks(len(train), BLOCK)])
        self.squares = self.blurred.square().sum(1)

    def __call__(self, query: UInt8[np.ndarray, "m s s"], own: Int64[np.ndarray, " m"] | None = None) -> Aligned:
        """Return what is nearest to each query; ``own``: the queries' rows in the training set, which do not count."""
        size = max(1, min(BLOCK, TILE // len(self.pixels)))
        parts = [self._block(query[part], None if own is None else own[part]) for part in row_chunks(len(query), size)]
        return Aligned(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _block(
        self, query: UInt8[np.ndarray, "b s s"], own: Int64[np.ndarray, " b"] | None
    ) -> tuple[Float64[np.ndarray, " b"], Float64[np.ndarray, " b"], Int64[np.ndarray, " b"]]:
        both = [_unit(query), _unit(query).flip(2)]
        rows = [self._candidates(turned, own) for turned in both]
        apart = torch.cat([self._apart(turned, found) for turned, found in zip(both, rows, strict=True)], 1)
        found = torch.cat(rows, 1)
        distance, best = apart.min(1)
        ratio = (distance + FLAT) / (apart.median(1).values + FLAT)
        nearest = found.gather(1, best[:, None])[:, 0]
        return ratio.double().numpy(), distance.double().numpy(), nearest.numpy()

    def _candidates(self, query: Float[Tensor, "b s s"], own: Int64[np.ndarray, " b"] | None) -> Tensor:
        least = torch.full((len(query), len(self.pixels)), torch.inf)
        padded = torch.nn.functional.pad(query[:, None], (STEP, STEP, STEP, STEP), mode="replicate")[:, 0]
        for y in (0, STEP, 2 * STEP):
            for x in (0, STEP, 2 * STEP):
                blurred = _blurred(padded[:, y : y + SIDE, x : x + SIDE])
                squared = blurred.square().sum(1, keepdim=True) + self.squares - 2 * blurred @ self.blurred.T
                torch.minimum(least, squared, out=least)
        if own is not None:
            least[torch.arange(len(own)), torch.from_numpy(own)] = torch.inf
        return torch.topk(least, CANDIDATES, dim=1, largest=False).indices

    def _apart(self, query: Float[Tensor, "b s s"], rows: Tensor) -> Float[Tensor, "b k"]:
        """Return the least root mean square difference over all shifts of each query and its candidates."""
        shifts = 2 * REACH + 1
        inner = query[:, REACH:-REACH, REACH:-REACH]
        size = inner.shape[1]
        templates = torch.zeros(len(query), shifts, shifts, *query.shape[1:])
        for y in range(shifts):
            for x in range(shifts):
                templates[:, y, x, y : y + size, x : x + size] = inner
        images = _unit(self.pixels[rows.numpy().ravel()])
        window = torch.ones(1, 1, size, size)
        squares = torch.nn.functional.conv2d(images.square()[:, None], window).view(*rows.shape, -1)
        dots = images.view(*rows.shape, -1) @ templates.view(len(query), shifts**2, -1).transpose(1, 2)
        squared = squares - 2 * dots + inner.square().sum((1, 2))[:, None, None]
        return (squared.amin(2).clamp(min=0) / size**2).sqrt()


@dataclass(frozen=True, eq=False)
class AlignedReal:
    """The search among training images with the ratios of what is real: held-out images [m], training images [h]; and of copies
    made of training images, of k kinds [k, p].
    """

    search: AlignedSearch
    held_out: Float64[np.ndarray, " m"]
    own: Float64[np.ndarray, " h"]
    planted: Float64[np.ndarray, "k p"]


def _unit(pixels: UInt8[np.ndarray, "n s s"]) -> Float[Tensor, "n s s"]:
    """Return pixels as values in [−1/2, 1/2]."""
    return torch.from_numpy(pixels).float() / 255 - 0.5


def _blurred(images: Float[Tensor, "n s s"]) -> Float[Tensor, "n d"]:
    """Return the images under a Gaussian blur, at every fourth pixel."""
    side = images.shape[1]
    centres = torch.arange(CELL // 2, side, CELL)
    weights = torch.exp(-0.5 * ((torch.arange(side)[None] - centres[:, None] + 0.5) / BLUR).square())
    weights /= weights.sum(1, keepdim=True)
    return (weights @ images @ weights.T).reshape(len(images), -1)
