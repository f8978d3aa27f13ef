"""LatentSpace: the view of a generator for metrics, from latents directly to features."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64


@dataclass(frozen=True, eq=False)
class LatentSpace:
    """``features(z, labels)`` are the features of the generator's images at z ~ N(0, I) [n, dim], never rounded to 8 bits.

    ``class_counts``: training images of each class for a conditional generator, which requires labels; else ().
    """

    dim: int
    features: Callable[[Float32[np.ndarray, "n k"], Int64[np.ndarray, " n"] | None], Float32[np.ndarray, "n d"]]
    class_counts: tuple[int, ...] = ()
