"""Checks that numbers are finite."""

import numpy as np
from jaxtyping import Float

from gantlet.core.errors import NonFiniteError
from gantlet.core.numerics.distances import row_chunks


def check_finite(what: str, array: Float[np.ndarray, "..."]) -> None:
    """Raise NonFiniteError naming the first bad entry of ``array``, if there is one."""
    for part in row_chunks(len(array)) if array.ndim else [...]:
        if np.isfinite(array[part]).all():
            continue
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise NonFiniteError(f"{what} holds NaN or infinity at index {place}; expected finite numbers")
