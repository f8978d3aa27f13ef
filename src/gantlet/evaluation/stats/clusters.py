"""Clusters of feature rows by k-means, seeded, fitted on a bounded number of rows."""

import numpy as np
from jaxtyping import Float32, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.words import counted

FITTED = 4000


def clusters(
    rows: Float32[np.ndarray, "n d"], sides: tuple[Float32[np.ndarray, "_ d"], ...], k: int, rng: np.random.Generator
) -> tuple[Int64[np.ndarray, " _"], ...]:
    """Return, for each of ``sides``, the cluster of each row among k clusters of the first 4,000 ``rows``.

    k-means++ start, Lloyd's iterations, one start. Pass rows in random order. Raises TooFewSamples (fewer
    different rows than k). Source: Arthur & Vassilvitskii 2007, "k-means++: the advantages of careful seeding".
    """
    from sklearn.cluster import KMeans

    fitted = rows[:FITTED]
    different = len(np.unique(fitted, axis=0))
    if different < k:
        raise TooFewSamples(
            f"{counted(k, 'cluster', 'need')} {counted(k, 'different feature row')}; got {different}. Give more images"
        )
    model = KMeans(k, n_init=1, max_iter=100, random_state=int(rng.integers(2**31))).fit(np.ascontiguousarray(fitted))
    return tuple(model.predict(np.ascontiguousarray(side)).astype(np.int64) for side in sides)
