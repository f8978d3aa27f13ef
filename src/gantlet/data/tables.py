"""Tables of numbers as points: columns of different units, and their standardisation."""

import numpy as np
from jaxtyping import Float32

from gantlet.core.errors import DataError
from gantlet.core.specs import format_spec
from gantlet.core.words import counted
from gantlet.data.points import PointSource

RATIO = 20.0
"""Columns whose standard deviations differ by more than this factor are not of one scale."""
FAR = 10.0
"""A column whose mean is more than this from 0, in standard deviations and in itself, is not one that a network draws easily."""
SHOWN = 6
"""Columns that a sentence lists at most."""


def standardised(
    what: str, points: Float32[np.ndarray, "n d"], by: Float32[np.ndarray, "m d2"]
) -> tuple[Float32[np.ndarray, "n d"], str]:
    """Return (x − mean)/deviation for each column, by the means and deviations (divided by m) of ``by``, and a sentence.

    Raises: DataError for another number of columns, and for a column that is constant.
    """
    if points.shape[1] != by.shape[1]:
        raise DataError(f"{what}: {counted(points.shape[1], 'column')}, to be standardised by a table of {by.shape[1]}")
    mean, deviation = by.mean(0, np.float64), by.std(0, dtype=np.float64)
    constant = np.flatnonzero(deviation == 0)
    if len(constant):
        raise DataError(f"{what}: column {constant[0]} is constant ({mean[constant[0]]:g}); leave it out")
    scaled = ((points - mean) / deviation).astype(np.float32)
    return scaled, f"columns were standardised by the means {_list(mean)} and standard deviations {_list(deviation)}"


def unscaled(source: PointSource) -> str:
    """Return a warning where the columns of a source are of different scales or lie far from 0; else ''."""
    if source.distribution is not None:
        return ""
    mean, deviation = source.points.mean(0, np.float64), source.points.std(0, dtype=np.float64)
    positive = deviation[deviation > 0]
    apart = len(positive) > 1 and positive.max() > RATIO * positive.min()
    far = bool((np.abs(mean) > FAR * np.maximum(deviation, 1)).any())
    if not (apart or far):
        return ""
    where = source.spec.partition("[")[0]
    remedy = format_spec(where, {"standardise": "own"}) if where.endswith(".npy") else ""
    return (
        f"warning: the columns of {source.spec} have the means {_list(mean)} and standard deviations {_list(deviation)}, and a network "
        f"learns the large ones alone; standardise them{f': --data {remedy!r}' if remedy else ''}"
    )


def _list(values: np.ndarray) -> str:
    return ", ".join(f"{value:.3g}" for value in values[:SHOWN]) + (", …" if len(values) > SHOWN else "")
