"""Thumbnails: the images of a side small and gray, for the search for copies pixel by pixel."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import PIL
from jaxtyping import UInt8

from gantlet.core.rng import numpy_stream
from gantlet.data import decode
from gantlet.data.reading import fit_square
from gantlet.evaluation.copies import Closeness, thinned
from gantlet.evaluation.features.cache import cache_path, keep, load
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.alignment import CANDIDATES, SIDE, Aligned, AlignedReal, AlignedSearch

MOST = 5000
"""How many held-out images, and how many training images, are looked up at most: honest images enough for the test."""


def closeness(space: Space, fake: Side) -> tuple[Closeness, Aligned] | None:
    """Return how close the fakes' pixels lie to the training images' beside honest images', and the nearest ones.

    None without held-out images, without images, and with too few training images to search among. What is real is
    looked up once for any number of fakes.
    """
    sides = [side.bank.rows for side in (space.train, space.test, fake) if side is not None]
    if len(sides) < 3 or any(rows is None or rows.images is None for rows in sides):
        return None
    if space.train.rows.n <= CANDIDATES + 1:
        return None
    if space.aligned is None:
        space.aligned = _aligned_real(space)
    real, found = space.aligned, space.aligned.search(thumbnails(fake, cache=False))
    return Closeness("pixels", found.ratio, real.held_out, real.own), found


def _aligned_real(space: Space) -> AlignedReal:
    assert space.test is not None
    search = AlignedSearch(thumbnails(space.train, cache=space.config.cache))
    held_out = thumbnails(space.test, cache=space.config.cache)
    looked_up = numpy_stream(0, "held-out thumbnails").permutation(len(held_out))[:MOST]
    rows = numpy_stream(0, "training thumbnails").permutation(len(search.pixels))[:MOST]
    own = search(search.pixels[rows], rows)
    return AlignedReal(search, search(held_out[looked_up]).ratio, own.ratio[thinned(rows, own.nearest)])


def thumbnails(side: Side, *, cache: bool) -> UInt8[np.ndarray, "n s s"]:
    """Return the images of a side as uint8 [n, 32, 32] (`fit_square`, gray), from the cache where it has them."""
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
    small = fit_square(image, SIDE, 1)[:, :, 0]
    return small if small.dtype == np.uint8 else np.round(small).astype(np.uint8)


def _made_of(side: Side) -> dict[str, Any]:
    return {
        "source_sha256": side.source.digest,
        "skipped": list(side.skipped),
        "size": SIDE,
        "decoder": str(decode.VERSION),
        "pillow": PIL.__version__,
        "version": "1",
    }
