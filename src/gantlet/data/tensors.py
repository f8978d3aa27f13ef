"""Batches of images from other libraries: tensors [b, c, h, w], uint8 or floating point."""

from typing import Any

import numpy as np

from gantlet.core.errors import DataError
from gantlet.data.arrays import to_bytes, to_nhwc
from gantlet.data.reading import PixelBatch

RANGES = ("unit", "symmetric", "byte")


def pixels(images: Any, range: str = "unit") -> PixelBatch:
    """Return images as uint8 [b, h, w, c], c = 1 or 3.

    Args: images: a tensor or array [b, c, h, w] (arrays also [b, h, w, c] or [b, h, w]); uint8 is taken as it is; range:
    of floats: unit [0, 1], symmetric [−1, 1] or byte [0, 255]; rounded, not truncated.
    Raises: DataError for another shape, type or range, NaN, an empty batch, or an unknown ``range``.
    """
    if range not in RANGES:
        raise DataError(f"range must be {', '.join(RANGES)}; got {range!r}")
    nhwc, _ = to_nhwc("the batch", as_array(images), "NCHW" if _is_tensor(images) else "auto")
    if nhwc.dtype == np.uint8:
        return np.ascontiguousarray(nhwc)
    return to_bytes("the batch", nhwc, range)[0]


def as_array(values: Any) -> np.ndarray:
    """Return a tensor or array-like as a NumPy array."""
    return values.detach().cpu().numpy() if _is_tensor(values) else np.asarray(values)


def _is_tensor(values: Any) -> bool:
    """Return whether ``values`` is a torch tensor, without importing torch."""
    return any(base.__module__ == "torch" and base.__name__ == "Tensor" for base in type(values).__mro__)
