"""Batches of images from other libraries: tensors [b, c, h, w], uint8 or floating point."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gantlet.core.errors import DataError, UsageError
from gantlet.data.arrays import to_bytes, to_nhwc
from gantlet.data.reading import PixelBatch

RANGES = ("unit", "symmetric", "byte")
STATE_RANGE = "range='unit' where they lie in [0, 1], range='symmetric' for [−1, 1], or range='byte' for [0, 255] (uint8 needs none)"


def pixels(images: Any, range: str = "", *, what: str = "the batch", layout: str = "auto") -> PixelBatch:
    """Return images as uint8 [b, h, w, c], c = 1 or 3.

    Args: images: a tensor or array [b, c, h, w] (arrays also [b, h, w, c] or [b, h, w]), or a list of images or of batches
    of one shape each; uint8 (and bool) is taken as it is, and every other type by its range; range: unit [0, 1],
    symmetric [−1, 1] or byte [0, 255]; rounded, not truncated; what: their name in errors; layout: auto, NHWC, NCHW or NHW.
    Raises: UsageError where a range must be stated and is not; DataError for another shape (RGBA too), type or range, NaN,
    an empty batch, or an unknown ``range``.
    """
    if range not in ("", *RANGES):
        raise DataError(f"range must be {', '.join(RANGES)}; got {range!r}")
    array = as_array(images)
    if layout == "auto" and (is_tensor(images) or _holds_tensors(images)):
        layout = "NHW" if array.ndim == 3 and not is_tensor(images) else "NCHW"
    nhwc, _ = to_nhwc(what, array, layout)
    if nhwc.dtype == np.uint8 and nhwc.size:
        return np.ascontiguousarray(nhwc)
    if not range and nhwc.dtype.kind in "uif" and nhwc.size:
        raise UsageError(
            f"{what}: {nhwc.dtype} values from {nhwc.min():.3g} to {nhwc.max():.3g}; their range is not guessed: give {STATE_RANGE}"
        )
    return to_bytes(what, nhwc, range or "unit")[0]


def as_array(values: Any) -> np.ndarray:
    """Return a tensor, an array-like, or a list of either as one NumPy array.

    bfloat16 and narrower floats become float32. Items of a list are stacked, items of four axes (batches) joined.
    Raises: DataError for tensors that are no plain numbers, and for items of different shapes.
    """
    if is_tensor(values):
        return _of_tensor(values)
    if isinstance(values, list | tuple) and any(is_tensor(value) or isinstance(value, np.ndarray) for value in values):
        return _joined([as_array(value) for value in values])
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(f"{type(values).__name__} cannot be read as one array: {error}") from error


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    batches = all(part.ndim == 4 for part in parts)
    shapes = list(dict.fromkeys(part.shape[1:] if batches else part.shape for part in parts))
    if len(shapes) > 1:
        raise DataError(
            f"a list of items of the shapes {shapes[0]} and {shapes[1]}; expected one shape for all of them"
        )
    return np.concatenate(parts) if batches else np.stack(parts)


def _of_tensor(tensor: Any) -> np.ndarray:
    plain = tensor.detach().cpu()
    if plain.is_floating_point() and str(plain.dtype) not in ("torch.float16", "torch.float32", "torch.float64"):
        plain = plain.float()  # types that NumPy lacks: bfloat16, float8
    try:
        return np.asarray(plain.numpy())
    except (TypeError, RuntimeError) as error:
        raise DataError(f"a tensor of {plain.dtype} and layout {plain.layout} cannot be read: {error}") from error


def _holds_tensors(values: Any) -> bool:
    return isinstance(values, list | tuple) and any(map(is_tensor, values))


def is_tensor(values: Any) -> bool:
    """Return whether ``values`` is a torch tensor, without importing torch."""
    return any(base.__module__ == "torch" and base.__name__ == "Tensor" for base in type(values).__mro__)
