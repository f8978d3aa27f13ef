"""What extractors that users bring along share: preparing images, and checking what comes back."""

from typing import Any

import numpy as np
from jaxtyping import Float32

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.core.words import counted


def check_input(what: str, size: int, channels: int) -> None:
    """Raise ConfigError unless images of this size and number of channels can be made."""
    if not 1 <= size <= 2048 or channels not in (1, 3):
        raise ConfigError(f"{what}: expected size 1..2048 and channels 1 or 3; got {size} and {channels}")


def check_output(
    what: str, output: Any, n: int
) -> tuple[Float32[np.ndarray, "n d"], Float32[np.ndarray, "n k"] | None]:
    """Return features, and probabilities where a pair came, as float32; raises ShapeError for anything else.

    Args: what: named in the error; output: an array or tensor [n, d], or a pair of it and probabilities [n, k].
    """
    pair = isinstance(output, tuple) and len(output) == 2
    features = _matrix(what, "features", output[0] if pair else output, n)
    if not pair or output[1] is None:
        return features, None
    probabilities = _matrix(what, "probabilities", output[1], n)
    if probabilities.min() < 0 or np.abs(probabilities.sum(axis=1, dtype=np.float64) - 1).max() > 1e-3:
        raise ShapeError(
            f"{what}: the second output must be class probabilities (≥ 0, each row adding up to 1); got values from "
            f"{probabilities.min():g} to {probabilities.max():g}: apply a softmax, or return the features alone"
        )
    return features, probabilities


def _matrix(what: str, role: str, value: Any, n: int) -> Float32[np.ndarray, "n d"]:
    if hasattr(value, "detach"):
        value = value.detach().float().cpu().numpy()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{what} returned {type(value).__name__} for {role}; expected an array [{n}, d]") from error
    if array.dtype.kind not in "fiub" or array.ndim != 2 or len(array) != n or array.shape[1] < 1:
        raise ShapeError(
            f"{what} returned {role} of shape {array.shape} and type {array.dtype} for {counted(n, 'image')}; expected numbers of "
            f"shape ({n}, d): flatten or average them over space"
        )
    return np.ascontiguousarray(array, dtype=np.float32)
