"""Triangles: gray images on a known, simple manifold of dimension six."""

import hashlib

import numpy as np
from jaxtyping import Float64, UInt8
from PIL import Image, ImageDraw

from gantlet.core.errors import ConfigError
from gantlet.core.rng import numpy_stream
from gantlet.core.specs import format_spec
from gantlet.data import SOURCES
from gantlet.data.source import ImageSource

SIDE, SUBPIXELS = 28, 8
N, TRAIN = 80_000, 60_000
MIN_ANGLE, SCALE = 20.0, 0.75


@SOURCES.register("triangles", source="Lucic et al. 2018, arXiv:1711.10337, §5 (convex polygons)")
def triangles(split: str = "train", n: int = N, seed: int = 0) -> ImageSource:
    """White triangles on black, 28×28 gray pixels: 80,000 in all, 60,000 for training.

    Three vertices uniform in the unit square, redrawn until every angle is at least 20°; shrunk by .75 around the
    image's middle and shifted so that the centroid is there; drawn with 8×8 subpixels per pixel, then averaged.

    Args: split: train (the first three quarters), test or all; n: number of triangles; seed: of the vertices.
    Raises: ConfigError for another split, n < 8 or a negative seed.
    Convention: the random numbers are gantlet's own, so the images are drawn from the authors' distribution but are not
    their files.
    """
    if split not in ("train", "test", "all"):
        raise ConfigError(f"option 'split' of data source 'triangles' must be train, test or all; got {split!r}")
    if n < 8 or seed < 0:
        raise ConfigError(f"triangles: expected n ≥ 8 and seed ≥ 0; got {n} and {seed}")
    corners = vertices(n, seed)
    cut = n * TRAIN // N
    rows = {"train": slice(0, cut), "test": slice(cut, n), "all": slice(0, n)}[split]
    first = rows.start
    selected = corners[rows]

    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        return render(selected[i])

    def spec(which: str) -> str:
        return format_spec("triangles", {"split": which, "n": n, "seed": seed})

    whole = hashlib.sha256(f"triangles {SIDE} {SUBPIXELS}:".encode() + np.ascontiguousarray(selected, "<f8").tobytes())
    return ImageSource(
        spec(split),
        [f"triangles[seed={seed}]#{first + i}" for i in range(len(selected))],
        read,
        whole.hexdigest(),
        held_out={"train": spec("test"), "test": spec("train")}.get(split, ""),
    )


def vertices(n: int, seed: int) -> Float64[np.ndarray, "n 3 2"]:
    """Return the corners of n triangles in the unit square, each angle ≥ 20°, each centroid at (½, ½)."""
    rng = numpy_stream(seed, "triangles")
    accepted = np.empty((0, 3, 2))
    while len(accepted) < n:
        candidates = rng.uniform(size=(2 * (n - len(accepted)) + 16, 3, 2))
        accepted = np.concatenate([accepted, candidates[angles(candidates).min(axis=1) >= MIN_ANGLE]])
    scaled = SCALE * accepted[:n]
    return scaled - scaled.mean(axis=1, keepdims=True) + 0.5


def angles(corners: Float64[np.ndarray, "n 3 2"]) -> Float64[np.ndarray, "n 3"]:
    """Return the three angles of each triangle, in degrees."""
    ahead = np.roll(corners, -1, axis=1) - corners
    back = np.roll(corners, 1, axis=1) - corners
    cosine = (ahead * back).sum(axis=2) / (np.linalg.norm(ahead, axis=2) * np.linalg.norm(back, axis=2))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def render(corners: Float64[np.ndarray, "3 2"]) -> UInt8[np.ndarray, "28 28 1"]:
    """Return one triangle as an image: 8×8 subpixels per pixel, each inside or outside, averaged and rounded."""
    fine = SIDE * SUBPIXELS
    picture = Image.new("1", (fine, fine))
    ImageDraw.Draw(picture).polygon([(float(x * fine), float(y * fine)) for x, y in corners], fill=1)
    inside = np.asarray(picture, np.float64).reshape(SIDE, SUBPIXELS, SIDE, SUBPIXELS).mean(axis=(1, 3))
    return np.rint(255 * inside).astype(np.uint8)[:, :, None]
