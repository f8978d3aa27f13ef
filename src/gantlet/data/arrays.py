"""Helpers of sources held in one array: layout, value range, labels, digest."""

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64, Shaped, UInt8

from gantlet.core.class_names import composed, merged
from gantlet.core.errors import ConfigError, DataError
from gantlet.core.words import counted
from gantlet.data.source import ImageSource

LAYOUTS = ("auto", "NHWC", "NCHW", "NHW")
RANGES = ("auto", "unit", "symmetric", "byte")
_SCALES = {"unit": (255.0, 0.0), "symmetric": (127.5, 127.5), "byte": (1.0, 0.0)}


def array_digest(pixels: UInt8[np.ndarray, "n h w c"]) -> str:
    """Return the SHA-256 over an image array: its shape and its bytes in order."""
    whole = hashlib.sha256(f"array {pixels.shape}:".encode())
    for start in range(0, len(pixels), 1024):
        whole.update(np.ascontiguousarray(pixels[start : start + 1024]).data)
    return whole.hexdigest()


def array_source(
    spec: str,
    pixels: UInt8[np.ndarray, "n h w c"],
    labels: Int64[np.ndarray, " n"] | None = None,
    classes: tuple[str, ...] = (),
    *,
    prefix: str = "",
    held_out: str = "",
    notes: Sequence[str] = (),
) -> ImageSource:
    """Present an array of images as a source; image i is named ``prefix#i``, or ``spec#i``."""

    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        return np.asarray(pixels[i])

    names = [f"{prefix or spec}#{i}" for i in range(len(pixels))]
    return ImageSource(spec, names, read, array_digest(pixels), labels, classes, held_out, tuple(notes))


def to_nhwc(what: str, array: Shaped[np.ndarray, "..."], layout: str) -> tuple[Shaped[np.ndarray, "n h w c"], str]:
    """Return the array as [n, h, w, c] and its layout; raises DataError when the layout is ambiguous."""
    if layout not in LAYOUTS:
        raise ConfigError(f"option 'layout' must be one of {', '.join(LAYOUTS)}; got {layout!r}")
    shape = array.shape
    if layout == "auto":
        fits = [name for name in LAYOUTS[1:] if _fits(shape, name)]
        _refuse_alpha(what, shape, () if fits else (1, 3))
        if len(fits) != 1:
            problem = (
                "fits " + " and ".join(fits) if fits else "is none of [n, h, w], [n, h, w, c], [n, c, h, w], c = 1 or 3"
            )
            raise DataError(f"{what}: the shape {shape} {problem}; reshape it or set layout=NHWC, NCHW or NHW")
        layout = fits[0]
        _refuse_one(what, shape)
        _refuse_series(what, array, layout)
    elif not _fits(shape, layout):
        _refuse_alpha(what, shape, (3 if layout == "NHWC" else 1,))
        raise DataError(f"{what}: the shape {shape} is not {layout} with 1 or 3 channels")
    if 0 in shape[1:]:
        raise DataError(f"{what}: the shape {shape} has an empty axis; expected images of at least 1×1 pixel")
    if layout == "NHW":
        return array[:, :, :, None], layout
    return (array.transpose(0, 2, 3, 1) if layout == "NCHW" else array), layout


def _refuse_one(what: str, shape: tuple[int, ...]) -> None:
    """Raise DataError for an array of three axes that may be one image [h, w, c] or [c, h, w] as well as gray ones [n, h, w]."""
    if len(shape) != 3 or 0 in shape:
        return
    n, height, width = shape
    last = width in (1, 3) or (width in (2, 4) and height > 4 * width)  # no gray image is that narrow: RGBA
    if not last and n not in (1, 3):
        return
    one = (
        f"{height}×{n} pixels and {counted(width, 'channel')}"
        if last
        else f"{width}×{height} pixels and {counted(n, 'channel')}"
    )
    raise DataError(
        f"{what}: the shape {shape} may be {counted(n, 'gray image')} of {width}×{height} pixels, or one image of {one}. Gray images: "
        f"set layout=NHW, or give [n, h, w, 1]; one image alone cannot be measured: give a set of them, [n, h, w, c] or [n, c, h, w]"
    )


def _refuse_series(what: str, array: Shaped[np.ndarray, "..."], layout: str) -> None:
    """Raise DataError for an array [n, a, b] that may hold series as well as gray images: neither square nor bytes."""
    if layout == "NHW" and array.dtype != np.uint8 and array.shape[1] != array.shape[2]:
        n, height, width = array.shape
        raise DataError(
            f"{what}: the shape {array.shape} ({array.dtype}) may be {counted(n, 'gray image')} of {width}×{height} pixels, or {n:,} series of "
            f"{counted(height, 'step')} with {counted(width, 'value')}. Images: set layout=NHW, or give [n, h, w, 1]; series: gantlet takes them as points "
            f"[n, d], here array.reshape({n}, {height * width})"
        )


def _refuse_alpha(what: str, shape: tuple[int, ...], axes: Sequence[int]) -> None:
    """Raise DataError where one of these axes has the 2 or 4 channels of images with transparency."""
    channels = next((shape[axis] for axis in axes if len(shape) == 4 and shape[axis] in (2, 4)), 0)
    if channels:
        kind = "RGBA" if channels == 4 else "gray with alpha"
        raise DataError(
            f"{what}: the shape {shape} has {counted(channels, 'channel')}, as {kind} has; composite the images on a background, or "
            "drop the last channel"
        )


def _fits(shape: tuple[int, ...], layout: str) -> bool:
    if layout == "NHW":
        return len(shape) == 3
    return len(shape) == 4 and shape[3 if layout == "NHWC" else 1] in (1, 3)


def to_bytes(what: str, array: Shaped[np.ndarray, "n h w c"], scale: str) -> tuple[UInt8[np.ndarray, "n h w c"], str]:
    """Return pixel values as uint8, and a note on how they were read ('' where uint8 was read as it is).

    uint8 is taken as it is; floats in [0, 1] are read as 255·v, floats in [−1, 1] with negative values as
    127.5·(v + 1), both rounded. Raises DataError for NaN, for values outside the range by half a level, and where
    the range is ambiguous.
    """
    if scale not in RANGES:
        raise ConfigError(f"option 'range' must be one of {', '.join(RANGES)}; got {scale!r}")
    if array.dtype.kind not in "uifb":
        raise DataError(f"{what}: pixels of type {array.dtype} cannot be read; expected uint8 or floating point")
    if len(array) == 0:
        raise DataError(f"{what} holds no images (shape {array.shape})")
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        raise DataError(f"{what}: the pixels hold NaN or infinity; expected finite numbers")
    value_range = scale
    if scale == "auto":
        value_range = _infer_range(what, array.dtype, low, high)
    factor, offset = _SCALES[value_range]
    if factor * low + offset < -0.5 or factor * high + offset >= 255.5:
        raise DataError(
            f"{what}: the values {low:g} to {high:g} are outside range={value_range}; clip them first or name another range"
        )
    if array.dtype == np.uint8 and value_range == "byte":
        return array, ""
    pixels = np.empty(array.shape, np.uint8)
    for i, image in enumerate(array):
        pixels[i] = np.clip(np.rint(image.astype(np.float64) * factor + offset), 0, 255)
    span = {"unit": "[0, 1]", "symmetric": "[−1, 1]", "byte": "[0, 255]"}[value_range]
    dark = (
        "; none is above 1, so every image is black: range=unit reads 0 to 1"
        if value_range == "byte" and high <= 1
        else ""
    )
    return pixels, f"pixel values {low:g} to {high:g} ({array.dtype}) were read as {span} (range={value_range}){dark}"


def _infer_range(what: str, dtype: np.dtype, low: float, high: float) -> str:
    half = 0.5 / 255
    if dtype == np.bool_:
        return "unit"
    if dtype.kind in "ui" and low >= 0 and 1 < high <= 255:
        return "byte"
    if dtype == np.uint8 and high == 0:
        return "byte"
    if dtype.kind == "f" and low >= -half and half < high < 1 + half:
        return "unit"
    if dtype.kind == "f" and -1 - 2 * half <= low < -half and high < 1 + 2 * half:
        return "symmetric"
    raise DataError(
        f"{what}: {dtype} values from {low:g} to {high:g} are ambiguous; choose how to read them with "
        "range=unit ([0, 1]), range=symmetric ([−1, 1]) or range=byte ([0, 255])"
    )


def to_labels(
    what: str, values: Shaped[np.ndarray, "..."], n: int, names: Sequence[str] = ()
) -> tuple[Int64[np.ndarray, " n"], tuple[str, ...]]:
    """Return labels 0..k−1 and class names, which keep the original values: whole numbers, texts, or one-hot rows [n, k].

    Names are brought to Unicode's form C; those that are then equal are one class. Raises DataError unless there is one class per
    image; texts must be among ``names``, where these are given.
    """
    flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if flat.dtype.kind in "US":
        return _named(what, flat, n, names)
    if flat.ndim == 2 and len(flat) == n:
        flat = _one_hot(what, flat)
    if flat.shape != (n,):
        raise DataError(
            f"{what}: {counted(n, 'image')} but labels of shape {values.shape}; expected one label per image"
        )
    if flat.dtype.kind not in "ui" and not (flat.dtype.kind == "f" and (flat == np.rint(flat)).all()):
        raise DataError(f"{what}: labels of type {flat.dtype} are not whole numbers; expected class indices")
    labels = flat.astype(np.int64)
    if names:
        if labels.min() < 0 or labels.max() >= len(names):
            raise DataError(f"{what}: labels {labels.min()}..{labels.max()} but {counted(len(names), 'class name')}")
        once, numbers = merged(names)
        index = np.array(numbers, np.int64)
        return index[labels], once
    class_values, index = np.unique(labels, return_inverse=True)
    return index.reshape(-1).astype(np.int64), tuple(str(value) for value in class_values)


def is_one_hot(rows: Shaped[np.ndarray, "..."]) -> bool:
    """Return whether an array is [n, k] with a single 1 in each row and else 0."""
    if rows.ndim != 2 or rows.dtype.kind not in "uifb":
        return False
    return bool(((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all())


def _one_hot(what: str, rows: Shaped[np.ndarray, "n k"]) -> Int64[np.ndarray, " n"]:
    if not is_one_hot(rows):
        raise DataError(
            f"{what}: labels of shape {rows.shape} are not one-hot; expected one label per image, or rows with a single 1 "
            "and else 0"
        )
    return rows.argmax(axis=1).astype(np.int64)


def _named(
    what: str, texts: Shaped[np.ndarray, "..."], n: int, names: Sequence[str]
) -> tuple[Int64[np.ndarray, " n"], tuple[str, ...]]:
    if texts.shape != (n,):
        raise DataError(
            f"{what}: {counted(n, 'image')} but labels of shape {texts.shape}; expected one label per image"
        )
    try:
        words = [composed(text.decode() if isinstance(text, bytes) else str(text)) for text in texts.tolist()]
    except UnicodeDecodeError as error:
        raise DataError(f"{what}: the labels hold bytes that are no UTF-8 text; expected texts or numbers") from error
    classes = merged(names)[0] or tuple(sorted(set(words)))
    index = {name: i for i, name in enumerate(classes)}
    foreign = [word for word in words if word not in index]
    if foreign:
        raise DataError(f"{what}: the label {foreign[0]!r} is none of the {counted(len(classes), 'class name')}")
    return np.array([index[word] for word in words], np.int64), classes
