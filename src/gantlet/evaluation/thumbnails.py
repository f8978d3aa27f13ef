"""Thumbnails: the images of a side small and gray, for the search for copies pixel by pixel."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import PIL
from jaxtyping import Bool, UInt8
from PIL import Image

from gantlet.core.rng import numpy_stream
from gantlet.data import decode
from gantlet.data.reading import fit_square
from gantlet.evaluation.copies import Closeness, thinned
from gantlet.evaluation.features.cache import cache_path, keep, load
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.alignment import CANDIDATES, SIDE, Aligned, AlignedReal, AlignedSearch

MOST = 5000
"""How many held-out images, and how many training images, are looked up at most: honest images enough for the test."""
PLANTED, JPEG = 100, 60
"""Copies made of each kind, and their JPEG quality."""


def closeness(space: Space, fake: Side, honest: Bool[np.ndarray, " m"]) -> tuple[Closeness, Aligned] | None:
    """Return how close the fakes' pixels lie to the training images' beside honest images', and the nearest ones.

    None without held-out images, without images, and with too few training images to search among. What is real is
    looked up once for any number of fakes. ``honest``: which of the held-out images are independent draws.
    """
    sides = [side.bank.rows for side in (space.train, space.test, fake) if side is not None]
    if len(sides) < 3 or any(rows is None or rows.images is None for rows in sides):
        return None
    if space.train.rows.n <= CANDIDATES + 1:
        return None
    if space.aligned is None:
        space.aligned = _aligned_real(space, honest)
    real, found = space.aligned, space.aligned.search(thumbnails(fake, cache=False))
    return Closeness("pixels", found.ratio, real.held_out, real.own, real.planted), found


def _aligned_real(space: Space, honest: Bool[np.ndarray, " m"]) -> AlignedReal:
    assert space.test is not None
    search = AlignedSearch(thumbnails(space.train, cache=space.config.cache))
    held_out = thumbnails(space.test, cache=space.config.cache)
    independent = np.flatnonzero(honest)
    looked_up = independent[numpy_stream(0, "held-out thumbnails").permutation(len(independent))[:MOST]]
    rows = numpy_stream(0, "training thumbnails").permutation(len(search.pixels))[:MOST]
    own = search(search.pixels[rows], rows)
    planted = np.array([search(copies).ratio for copies in _planted(space.train)])
    return AlignedReal(search, search(held_out[looked_up]).ratio, own.ratio[thinned(rows, own.nearest)], planted)


def _planted(train: Side) -> list[UInt8[np.ndarray, "p s s"]]:
    """Return thumbnails of copies of training images: shifted by up to a tenth of the side, and compressed by JPEG (8 bits only).

    They show what a copy's ratio is in these images: thumbnails of small sharp pictures lose more by a shift than photographs.
    """
    images, rng = train.rows.images, numpy_stream(0, "planted copies")
    assert images is not None
    originals = [images[int(row)] for row in rng.permutation(len(images))[:PLANTED]]
    kinds = [[shifted(image, rng) for image in originals]]
    if all(image.dtype == np.uint8 for image in originals):
        kinds.append([compressed(image) for image in originals])
    return [np.stack([_thumbnail(image) for image in kind]) for kind in kinds]


def shifted(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an image [h, w, c] shifted by up to a tenth of each side; its edge fills what is uncovered."""
    reach = [side // 10 for side in image.shape[:2]]
    y, x = (int(rng.integers(-most, most + 1)) for most in reach)
    padded = np.pad(image, [(reach[0], reach[0]), (reach[1], reach[1]), (0, 0)], mode="edge")
    return padded[reach[0] + y :, reach[1] + x :][: image.shape[0], : image.shape[1]]


def compressed(image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "h w c"]:
    """Return an image after JPEG of quality 60, gray or in colour."""
    file = io.BytesIO()
    picture = image[:, :, 0] if image.shape[2] in (1, 2) else image[:, :, :3]
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "JPEG", quality=JPEG)
    return np.atleast_3d(np.asarray(Image.open(file)))


def thumbnails(side: Side, *, cache: bool) -> UInt8[np.ndarray, "n s s"]:
    """Return the images of a side as uint8 [n, 32, 32], gray, from the cache where it has them: `fit_square`, but images smaller
    than that are enlarged by a whole number and padded with their edge, so that a shift by a pixel stays one.
    """
    made_of = _made_of(side)
    path = cache_path("thumbnails", made_of)
    cached = load(path, made_of) if cache else None
    if cached is not None:
        return cached[0]["pixels"]
    images = side.rows.images
    assert images is not None
    with ThreadPoolExecutor() as pool:
        pixels = np.stack(list(pool.map(lambda i: _thumbnail(images[i]), range(len(images)))))
    if cache:
        keep(path, {"pixels": pixels}, made_of, {})
    return pixels


def _thumbnail(image: np.ndarray) -> UInt8[np.ndarray, "s s"]:
    largest = max(image.shape[:2])
    side = SIDE if largest > SIDE else largest * (SIDE // largest)
    small = fit_square(image, side, 1)[:, :, 0]
    before = (SIDE - side) // 2
    small = np.pad(small, (before, SIDE - side - before), mode="edge")
    return small if small.dtype == np.uint8 else np.round(small).astype(np.uint8)


def _made_of(side: Side) -> dict[str, Any]:
    return {
        "source_sha256": side.source.digest,
        "skipped": list(side.skipped),
        "size": SIDE,
        "decoder": str(decode.VERSION),
        "pillow": PIL.__version__,
        "version": "2",
    }
