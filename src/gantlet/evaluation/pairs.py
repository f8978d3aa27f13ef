"""Pairs: which real image each fake one is meant to reproduce."""

import numpy as np
from jaxtyping import Int64

from gantlet.core.errors import ConfigError
from gantlet.evaluation.stats.feature_bank import FeatureBank


def paired_rows(real: FeatureBank, fake: FeatureBank, by: str) -> Int64[np.ndarray, " m"] | None:
    """Return the real row that belongs to each fake row, or None where there are no pairs.

    ``names``: every fake has the name of exactly one real image (path inside the source, suffix aside), and the same
    label where both have labels; else there are no pairs. ``order``: row i of one belongs to row i of the other.

    Raises: ConfigError for ``order`` with unequal numbers of images.
    """
    if by == "order":
        if real.n != fake.n:
            raise ConfigError(f"pairs = order needs as many real as generated images; got {real.n} and {fake.n}")
        return np.arange(fake.n)
    return _by_name(real, fake) if by == "names" and len(real.names) and len(fake.names) else None


def _by_name(real: FeatureBank, fake: FeatureBank) -> Int64[np.ndarray, " m"] | None:
    place = {_stem(name): row for row, name in enumerate(real.names)}
    wanted = [place.get(_stem(name), -1) for name in fake.names]
    if len(place) != real.n or min(wanted, default=-1) < 0:
        return None
    rows = np.array(wanted, np.int64)
    labels = real.labels, fake.labels
    if labels[0] is not None and labels[1] is not None and not np.array_equal(labels[0][rows], labels[1]):
        return None
    return rows


def _stem(name: str) -> str:
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.rpartition(".")[0] if "." in file else name
