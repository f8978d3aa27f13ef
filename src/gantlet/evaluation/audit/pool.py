"""The real images of an audit, split into disjoint sets, with the modes in which failures are planted."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from gantlet.core.errors import TooFewSamples
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.evaluation.stats.clusters import clusters

MODES = 50
"""Modes over all classes, as in Xu et al. 2018, where there are at least twenty images per side for each."""
LEAST = 60
"""The fewest images per side for an audit."""


@dataclass(frozen=True)
class Pool:
    """Rows of ``pixels``: ``real``, ``held_out`` and ``reservoir`` are disjoint; ``fresh`` and ``other`` are the first
    and the last n rows of the reservoir, which has at least 3n. ``modes`` [total], ``medoids`` [modes].
    """

    pixels: UInt8[np.ndarray, "total h w c"]
    modes: Int64[np.ndarray, " total"]
    medoids: Int64[np.ndarray, " modes"]
    real: Int64[np.ndarray, " n"]
    held_out: Int64[np.ndarray, " n"]
    reservoir: Int64[np.ndarray, " m"]

    @property
    def n(self) -> int:
        """Return the number of images per side."""
        return len(self.real)

    @property
    def fresh(self) -> Int64[np.ndarray, " n"]:
        """Return the real images in which failures are planted."""
        return self.reservoir[: self.n]

    @property
    def other(self) -> Int64[np.ndarray, " n"]:
        """Return real images that are not the source of any planted copy."""
        return self.reservoir[-self.n :]


def split_pool(
    pixels: UInt8[np.ndarray, "total h w c"],
    labels: Int64[np.ndarray, " total"] | None,
    features: Float32[np.ndarray, "total d"],
    n: int,
    seed: int,
) -> Pool:
    """Split images into sets of n and find their modes; raises TooFewSamples below 5n images or n < 60."""
    if n < LEAST or len(pixels) < 5 * n:
        raise TooFewSamples(
            f"an audit with {counted(max(n, LEAST), 'image')} per side needs {counted(5 * max(n, LEAST), 'image')}; there are {len(pixels)}. "
            "Give more images, or a smaller n"
        )
    order = numpy_stream(seed, "audit").permutation(len(pixels))
    modes = modes_of(features, labels, min(MODES, n // 20), seed)
    return Pool(pixels, *modes, order[:n], order[n : 2 * n], order[2 * n :])


def modes_of(
    features: Float32[np.ndarray, "total d"], labels: Int64[np.ndarray, " total"] | None, modes: int, seed: int
) -> tuple[Int64[np.ndarray, " total"], Int64[np.ndarray, " modes"]]:
    """Return the mode of each image and each mode's medoid: k-means inside each class, about ``modes`` in
    all, at least one per class. A medoid is the image nearest to its mode's mean.
    """
    classes = np.zeros(len(features), np.int64) if labels is None else labels
    names = np.unique(classes)
    modes_of_rows = np.empty(len(features), np.int64)
    medoids: list[int] = []
    for label in names:
        rows = np.flatnonzero(classes == label)
        parts = min(max(1, round(modes / len(names))), len(np.unique(features[rows], axis=0)))
        (clusters_of_rows,) = clusters(features[rows], (features[rows],), parts, numpy_stream(seed, f"modes {label}"))
        for part in np.unique(clusters_of_rows):
            members = rows[clusters_of_rows == part]
            modes_of_rows[members] = len(medoids)
            distances = np.square(features[members] - features[members].mean(axis=0)).sum(axis=1)
            medoids.append(int(members[distances.argmin()]))
    return modes_of_rows, np.array(medoids, np.int64)
