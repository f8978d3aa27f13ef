"""What a distribution that is not this package's says of itself, tested on points of its own before it is used."""

import math
from typing import TYPE_CHECKING

import numpy as np

from gantlet.core.errors import DataError, ShapeError
from gantlet.core.rng import numpy_stream
from gantlet.transport.arrays import as_rows, as_vector

if TYPE_CHECKING:
    from gantlet.transport.continuous import Continuous

PROBES = 10_000
LIMIT = 6.0
"""Standard errors that a mean may be off: a right one is refused once in 5·10⁸ coordinates."""


def probe(what: str, source: "Continuous") -> None:
    """Draw 10,000 points of a user's source and compare; raises ShapeError, NonFiniteError, DataError (not its mean).

    An error of the mean that is too small to be found here spoils no bound: of such a source the samples' own mean enters.
    """
    dim = source.dim
    if not isinstance(dim, int) or dim < 1:
        raise ShapeError(f"expected {what}.dim as an integer ≥ 1; got {dim!r}")
    centre = as_vector(f"{what}.centre", source.centre)
    if len(centre) != dim:
        raise ShapeError(f"expected {what}.centre of shape [{dim}]; got shape {list(centre.shape)}")
    uniform = numpy_stream(0, "probe").uniform(np.finfo(np.float64).tiny, 1.0, (PROBES, dim))
    points = as_rows(f"points of {what}.from_uniform", source.from_uniform(uniform), dim)
    if len(points) != PROBES:
        raise ShapeError(f"expected {what}.from_uniform to return {PROBES} points for as many rows; got {len(points)}")
    error = points.std(axis=0, ddof=1) / math.sqrt(PROBES) + 1e-12 * np.abs(points).max(axis=0)
    off = np.abs(points.mean(axis=0) - centre) / np.maximum(error, np.finfo(np.float64).tiny)
    if off.max() > LIMIT:
        k = int(off.argmax())
        raise DataError(
            f"{what}.centre[{k}] is {centre[k]:.6g}, but {PROBES} points of {what}.from_uniform have the mean "
            f"{points[:, k].mean():.6g} ± {error[k]:.2g}; expected the distribution's mean. Correct centre"
        )
