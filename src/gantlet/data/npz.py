"""NumPy files: images in an .npz archive of arrays or in one .npy array."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.specs import format_spec
from gantlet.core.words import counted
from gantlet.data import SOURCES
from gantlet.data.arrays import array_source, to_bytes, to_labels, to_nhwc
from gantlet.data.kinds import Source
from gantlet.data.numpy_files import read_array, read_arrays
from gantlet.data.points import PointSource, point_array
from gantlet.data.source import ImageSource
from gantlet.data.tables import standardised

IMAGE_KEYS = ("x", "images", "image", "samples", "x_train", "arr_0")
LABEL_KEYS = ("y", "labels", "label", "targets", "y_train", "arr_1")
_DEFAULTS = {"key": "", "labels": "auto", "layout": "auto", "range": "auto"}


@SOURCES.register(
    "npz", source="NumPy NEP 1; arr_0 and arr_1 as in the sample files of Dhariwal and Nichol 2021, arXiv:2105.05233"
)
def npz(path: str, key: str = "", labels: str = "auto", layout: str = "auto", range: str = "auto") -> ImageSource:
    """Images, and labels where there are any, from the arrays of an .npz file.

    Images: the array ``key``, else x, images, image, samples, x_train or arr_0, else the only array of three or four
    axes. Labels: y, labels, label, targets, y_train or arr_1, where those of them that fit agree; class names: classes. Nothing
    is unpickled.

    Args: path: the file; key: name of the image array; labels: auto, none, or the name of the label array; layout:
    auto, NHWC, NCHW or NHW; range: auto, unit ([0, 1]), symmetric ([−1, 1]) or byte ([0, 255]).
    Raises: DataError when the images, their labels, their layout or their value range are ambiguous.
    Convention: floats in [0, 1] are read as unit, floats in [−1, 1] with negative values as symmetric; the notes record
    the choice.
    """
    options = {"key": key, "labels": labels, "layout": layout, "range": range}
    arrays = read_arrays(path)
    chosen = _image_key(path, arrays, key)
    name = _label_key(path, arrays, labels, len(arrays[chosen]) if arrays[chosen].ndim else 0)
    classes = [str(value) for value in arrays["classes"].ravel()] if "classes" in arrays else []
    label_data = (arrays[name], classes) if name else None
    source = _source(path, f"{path}:{chosen}", arrays[chosen], label_data, options)
    strays = [] if name or labels == "none" else [key for key in LABEL_KEYS if key in arrays and key != chosen]
    notes = [
        f"no labels: {key} has the shape {arrays[key].shape} for {counted(len(source), 'image')}" for key in strays
    ]
    return replace(source, notes=(*source.notes, *([] if key else _others(path, arrays, chosen, name)), *notes))


@SOURCES.register("npy", source="NumPy NEP 1")
def npy(path: str, layout: str = "auto", range: str = "auto", standardise: str = "") -> Source:
    """Images without labels from one .npy array; or points, one per row, from an array of two axes.

    Args: path: the file; layout: auto, NHWC, NCHW or NHW; range: auto, unit, symmetric or byte, as for ``npz``; standardise: of
    points, give every column mean 0 and standard deviation 1: own, or another table whose means and deviations are used (the
    training set's, for a test set); a generator then makes standardised points.
    Raises: DataError when the layout or the value range is ambiguous; ConfigError to standardise images.
    """
    array = read_array(path)
    if array.ndim == 2:
        points = point_array(path, array)
        if not standardise:
            return PointSource(str(Path(path)), points)
        spec = format_spec(str(Path(path)), {"standardise": standardise})
        by = points if standardise == "own" else point_array(standardise, read_array(standardise))
        scaled, note = standardised(spec, points, by)
        return PointSource(spec, scaled, notes=(note,))
    if standardise:
        raise ConfigError(f"standardise is for points, and {path} holds images of shape {array.shape}")
    return _source(path, path, array, None, {"layout": layout, "range": range})


def _image_key(path: str, arrays: dict[str, Any], key: str) -> str:
    listing = ", ".join(f"{name} {value.shape}" for name, value in arrays.items()) or "nothing"
    if key:
        if key not in arrays:
            raise DataError(f"{path} has no array {key!r}; it holds {listing}")
        return key
    image_like = [name for name, value in arrays.items() if value.ndim in (3, 4)]
    for name in IMAGE_KEYS:
        if name in image_like:
            return name
    if len(image_like) != 1:
        raise DataError(f"{path}: cannot tell which array holds the images; it holds {listing}; name it with key=NAME")
    return image_like[0]


def _others(path: str, arrays: dict[str, Any], chosen: str, labels: str) -> list[str]:
    """Say which array was taken for the images where others could be meant."""
    like = [
        f"{key} {value.shape}" for key, value in arrays.items() if value.ndim in (3, 4) and key not in (chosen, labels)
    ]
    if not like:
        return []
    what = f"the array {chosen} {arrays[chosen].shape} was taken for the images; {Path(path).name} also holds {', '.join(like)}"
    return [f"{what}: choose with {format_spec(path, {'key': 'NAME'})}"]


def _label_key(path: str, arrays: dict[str, Any], labels: str, n: int) -> str:
    if labels == "none":
        return ""
    if labels == "auto":
        fits = [
            name for name in LABEL_KEYS if name in arrays and arrays[name].shape[:1] == (n,) and arrays[name].ndim < 3
        ]
        for other in fits[1:]:
            _require_same(path, arrays, fits[0], other, n)
        return fits[0] if fits else ""
    if labels not in arrays:
        raise ConfigError(
            f"option 'labels' must be auto, none or an array of {path} ({', '.join(arrays)}); got {labels!r}"
        )
    return labels


def _require_same(path: str, arrays: dict[str, Any], one: str, other: str, n: int) -> None:
    """Raise DataError where two arrays hold other labels for the same images."""
    try:
        (first, names), (second, further) = (to_labels(path, arrays[key], n) for key in (one, other))
        same = names == further and np.array_equal(first, second)
    except DataError:
        same = False
    if not same:
        ways = " or ".join(format_spec(path, {"labels": key}) for key in (one, other))
        raise DataError(f"{path}: the arrays {one} and {other} both hold labels, and they differ: choose with {ways}")


def _source(
    path: str,
    what: str,
    array: Shaped[np.ndarray, "..."],
    label_data: tuple[Any, list[str]] | None,
    options: dict[str, str],
) -> ImageSource:
    nhwc, layout = to_nhwc(what, array, options["layout"])
    pixels, note = to_bytes(what, nhwc, options["range"])
    labels, classes = to_labels(what, label_data[0], len(pixels), label_data[1]) if label_data else (None, ())
    notes = [note] if note else []
    if layout == "NCHW":
        notes.append("axes were read as [image, channel, height, width]")
    spec = format_spec(str(Path(path)), {k: v for k, v in options.items() if v != _DEFAULTS[k]})
    return array_source(spec, pixels, labels, classes, prefix=Path(path).name, notes=notes)
