"""A data source of another package."""

import numpy as np

from gantlet.data import SOURCES
from gantlet.data.arrays import array_source
from gantlet.data.source import ImageSource


@SOURCES.register("stripes", source="an example")
def stripes(n: int = 60, seed: int = 0) -> ImageSource:
    """Gray images of 8×8 pixels with stripes of random brightness. Args: n: how many; seed: which."""
    rows = np.random.default_rng(seed).integers(0, 256, (n, 8, 1, 1), dtype=np.uint8)
    return array_source(f"stripes[n={n},seed={seed}]", np.repeat(rows, 8, axis=2), None, ())
