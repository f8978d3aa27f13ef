"""Mixture: the known modes of a synthetic distribution."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from gantlet.errors import ShapeError


@dataclass(frozen=True, eq=False)
class Mixture:
    """Equal Gaussians N(centre, sigma²I): ``centres`` [k, d] in the space of the features, float64.

    Raises ShapeError when there is no centre or sigma is not positive.
    """

    centres: Float64[np.ndarray, "k d"]
    sigma: float

    def __post_init__(self) -> None:
        if len(self.centres) == 0 or not self.sigma > 0:
            raise ShapeError(f"expected centres [k ≥ 1, d] and sigma > 0; got {len(self.centres)} and {self.sigma}")
