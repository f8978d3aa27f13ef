"""Power cells of sites on one line: strips across it."""

import numpy as np
from jaxtyping import Float64, Int64

STRAIGHT = 8 * float(np.finfo(np.float64).eps)
"""Sites whose distance from a line is below this share of their spread lie on it: their coordinates say no more."""


def line_of(sites: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, " 2"] | None:
    """Return the direction of the line that all sites lie on, to rounding; None where they do not."""
    centred = sites - sites.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1)
    if not lengths.max() > 0:
        return np.array([1.0, 0.0])
    direction = centred[lengths.argmax()] / lengths.max()
    aside = np.abs(centred @ np.array([-direction[1], direction[0]]))
    return direction if aside.max() <= STRAIGHT * lengths.max() else None


def strips(
    sites: Float64[np.ndarray, "n 2"], weights: Float64[np.ndarray, " n"], line: Float64[np.ndarray, " 2"]
) -> tuple[Int64[np.ndarray, "e 2"], Float64[np.ndarray, "e 2"]]:
    """Return neighbouring cells of sites on a line, which are strips across it, and a point of the border between them.

    The cells are the vertices of the lower hull of (t, |y|² − g), t the place on the line (monotone chain, Andrew 1979).
    """
    centre = sites.mean(axis=0)
    places, lifted = (sites - centre) @ line, np.square(sites - centre).sum(axis=1) - weights
    order = np.lexsort((lifted, places))
    hull: list[int] = []
    for k in order.tolist():
        if hull and places[hull[-1]] == places[k]:
            continue
        while len(hull) > 1 and _slope(places, lifted, hull[-2], hull[-1]) >= _slope(places, lifted, hull[-1], k):
            hull.pop()
        hull.append(k)
    pair = np.array([hull[:-1], hull[1:]], dtype=np.int64).T.reshape(-1, 2)
    slopes = np.array([_slope(places, lifted, i, j) for i, j in pair.tolist()]).reshape(-1, 1)
    return np.sort(pair, axis=1), centre + slopes / 2 * line


def _slope(places: Float64[np.ndarray, " n"], lifted: Float64[np.ndarray, " n"], i: int, j: int) -> float:
    return float((lifted[j] - lifted[i]) / (places[j] - places[i]))
