"""Any Python function that generates images, as a source."""

from collections.abc import Callable
from typing import Any

from gantlet.core.errors import DataError, UsageError
from gantlet.core.plugins import find_callable
from gantlet.core.specs import format_spec
from gantlet.core.words import counted
from gantlet.data import SOURCES
from gantlet.data.arrays import array_source, to_bytes, to_labels, to_nhwc
from gantlet.data.source import ImageSource
from gantlet.data.tensors import as_array


@SOURCES.register("callable", source="gantlet's own convention: function(n, seed)", generated=True)
def from_callable(path: str, n: int = 0, seed: int = 0, range: str = "auto") -> ImageSource:
    """Images that a Python function returns, written module:function.

    The function is called once as ``function(n, seed)`` and returns n images as an array or tensor ([n, h, w, c],
    [n, c, h, w] or [n, h, w]; uint8, or floats in [0, 1] or [−1, 1]), or the pair of images and n labels. The module is imported
    from the current folder.

    Args: path: module:function; n: number of images; seed: passed to the function; range: auto, unit, symmetric or byte.
    Raises: UsageError when there is no such function or n < 1; DataError when the function raises, or returns the wrong
    number of images, another kind of array, or values out of range.
    """
    if n < 1:
        raise UsageError(f"{path} needs the number of images: {path}[n=1000]")
    images, labels = _call(path, find_callable(path), n, seed)
    nhwc, _ = to_nhwc(path, images, "auto")
    pixels, note = to_bytes(path, nhwc, range)
    class_labels, classes = to_labels(path, labels, n) if labels is not None else (None, ())
    spec = format_spec(path, {"n": n, "seed": seed} | ({"range": range} if range != "auto" else {}))
    return array_source(spec, pixels, class_labels, classes, notes=[note] if note else [])


def _call(path: str, thing: Callable[[int, int], Any], n: int, seed: int) -> tuple[Any, Any]:
    try:
        result = thing(n, seed)
    except Exception as error:
        raise DataError(f"{path}(n={n}, seed={seed}) raised {type(error).__name__}: {error}") from error
    images, labels = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    images = _array(path, images)
    if images.ndim < 1 or len(images) != n:
        raise DataError(
            f"{path}(n={n}, seed={seed}) returned an array of shape {images.shape}; expected {counted(n, 'image')}"
        )
    return images, None if labels is None else _array(path, labels)


def _array(path: str, value: Any) -> Any:
    try:
        array = as_array(value)
    except Exception as error:
        raise DataError(f"{path} returned {type(value).__name__}, which is not an array: {error}") from error
    if array.dtype.kind not in "uifb":
        raise DataError(f"{path} returned {type(value).__name__} of type {array.dtype}; expected an array of numbers")
    return array
