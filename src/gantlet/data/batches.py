"""Batches of a loop or a DataLoader, and lists of images, gathered into one source; value ranges are stated, never guessed."""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.errors import DataError, GantletError
from gantlet.core.limits import most
from gantlet.core.words import an, counted
from gantlet.data.arrays import array_source, is_one_hot, to_labels
from gantlet.data.pictures import is_picture, picture_pixels
from gantlet.data.source import ImageSource
from gantlet.data.tensors import as_array, is_tensor, pixels

IMAGE_KEYS = ("image", "images", "pixel_values", "img", "x")
LABEL_KEYS = ("label", "labels", "y")


class Gathered:
    """Images and labels, as they come; ``layout`` and ``range`` as for `pixels`."""

    def __init__(self, what: str, range: str = "", layout: str = "auto") -> None:
        self.what, self.range, self.layout = what, range, layout
        self.images: list[UInt8[np.ndarray, "_ _ _"]] = []
        self.labels: list[Any] = []
        self.size = 0

    def add(self, item: Any) -> None:
        """Add one batch, one image, or the pair of either and labels; a mapping holds them by name.

        An array of three axes is one image, a batch has four; a list holds images; a tuple is (images, labels). Raises:
        DataError, UsageError.
        """
        what = f"{self.what}, item {len(self.images)}"
        images, labels = split_labels(what, item)
        before = len(self.images)
        if self.size > most():
            raise DataError(
                f"{self.what} gave {counted(before, 'image')} of {counted(self.size, 'byte')} and goes on; is it endless? Say how many with n=, or "
                "allow more: with gantlet.core.limits.limit('16GB')"
            )
        if is_picture(images):
            self.images.append(picture_pixels(what, images))
        elif isinstance(images, list | tuple) and images:
            _require_images(what, images)
            for image in images:
                self._one_or_more(what, image)
        else:
            self._one_or_more(what, images)
        self.size += sum(image.nbytes for image in self.images[before:])
        if labels is not None:
            self.labels += np.atleast_1d(as_array(labels)).tolist()
        if self.labels and len(self.labels) != len(self.images):
            raise DataError(
                f"{what}: {counted(len(self.images) - before, 'image')} came with other than as many labels"
            )

    def _one_or_more(self, what: str, images: Any) -> None:
        if is_picture(images):
            self.images.append(picture_pixels(what, images))
            return
        array = as_array(images)
        if array.ndim not in (2, 3, 4):
            raise DataError(
                f"{what} is of type {type(images).__name__} and shape {array.shape}; expected a batch [b, c, h, w] or "
                "[b, h, w, c], one image, a list of PIL images, or the pair of these and labels"
            )
        layout = "NCHW" if self.layout == "auto" and is_tensor(images) else self.layout
        if array.ndim == 2:
            array, layout = array[None, :, :, None], "NHWC"
        elif array.ndim == 3 and layout != "NHW":  # stated, that is a batch of gray images
            self._require_one(what, array.shape, stated=layout != "auto")
            array = array[None]
        self.images += list(pixels(array, self.range, what=what, layout=layout))

    @staticmethod
    def _require_one(what: str, shape: tuple[int, ...], *, stated: bool) -> None:
        """Raise DataError for an array of three axes that is no image [h, w, c] or [c, h, w], or may be either and it is not stated which."""
        fits = [axes for axes, count in (("[c, h, w]", shape[0]), ("[h, w, c]", shape[2])) if count in (1, 3)]
        if len(fits) == 1 or (fits and stated) or {shape[0], shape[2]} & {2, 4}:
            return
        n, height, width = shape
        if fits:
            raise DataError(
                f"{what}: the shape {shape} fits {' and '.join(fits)}; set layout=NHWC or NCHW with gantlet.images(…)"
            )
        raise DataError(
            f"{what}: the shape {shape} is no image [h, w, c] or [c, h, w] with c = 1 or 3, as an item of three axes is; "
            f"{counted(n, 'gray image')} of {width}×{height} pixels are a batch [n, h, w, 1]: x[..., None] in NumPy, x[:, None] in torch"
        )

    def source(self, spec: str, classes: tuple[str, ...] = ()) -> ImageSource:
        """Return what was gathered as a source, named ``spec``; raises DataError where nothing came."""
        if not self.images:
            raise DataError(f"{self.what} held no images")
        labels: Int64[np.ndarray, " n"] | None = None
        if self.labels:
            labels, classes = to_labels(self.what, np.asarray(self.labels), len(self.images), classes)
        return list_source(spec, self.images, labels, classes if self.labels else ())


def gather(what: str, items: Iterable[Any], range: str = "", layout: str = "auto", *, n: int = 0) -> Gathered:
    """Return the images of batches, in order: all, or the first ``n``; raises DataError for what an iteration raises."""
    gathered = Gathered(what, range, layout)
    iterator = iter(items)
    while not n or len(gathered.images) < n:
        try:
            item = next(iterator)
        except StopIteration:
            break
        except GantletError:
            raise
        except Exception as error:
            raise DataError(f"{what}: its iteration raised {type(error).__name__}: {error}") from error
        gathered.add(item)
    if n:
        gathered.images, gathered.labels = gathered.images[:n], gathered.labels[:n]
    return gathered


def split_labels(what: str, item: Any) -> tuple[Any, Any]:
    """Return the images of one item of a loop and its labels, or None; raises DataError for a mapping without images."""
    if isinstance(item, Mapping):
        key = next((key for key in IMAGE_KEYS if key in item), None)
        if key is None:
            raise DataError(
                f"{what} has the keys {', '.join(map(str, item))}; expected the images under {', '.join(IMAGE_KEYS)}"
            )
        return item[key], next((item[name] for name in LABEL_KEYS if name in item), None)
    if isinstance(item, list | tuple) and len(item) == 2 and _axes(item[0]) >= 2 and _are_labels(item[1]):
        return item[0], item[1]
    if isinstance(item, list | tuple) and len(item) == 1 and _axes(item[0]) >= 2:
        return item[0], None
    return item, None


def _are_labels(value: Any) -> bool:
    """Return whether a value can be the labels of a batch: numbers or texts, one each, or one-hot rows."""
    axes = _axes(value)
    if axes != 2 or is_picture(value):
        return axes < 2
    rows = as_array(value)
    return rows.ndim == 2 and (rows.shape[1] == 1 or is_one_hot(rows))


def _require_images(what: str, several: list[Any] | tuple[Any, ...]) -> None:
    """Raise DataError for an item of a loop that holds other than single images: what a tuple holds beside images is not known."""
    axes = [_axes(value) for value in several]
    if not isinstance(several, tuple) and all(count in (2, 3) for count in axes):
        return
    parts = ", ".join(_described(value) for value in several[:4]) + (", …" if len(several) > 4 else "")
    raise DataError(
        f"{what} is a {type(several).__name__} of {len(several)}: {parts}; expected images, the pair (images, labels), or a list of single "
        "images: choose them first, e.g. (batch[0] for batch in loader)"
    )


def _described(value: Any) -> str:
    """Return what a value is in a few words: an array by its shape."""
    shape = tuple(value.shape) if is_tensor(value) or isinstance(value, np.ndarray) else ""
    return f"{'an array' if shape != '' else an(type(value).__name__)}{f' {shape}' if shape != '' else ''}"


def _axes(value: Any) -> int:
    """Return the number of axes of a value: an image of Pillow's has 2, a list of images 3, a number 0."""
    if is_picture(value):
        return 2
    if isinstance(value, list | tuple):
        return 1 + max(map(_axes, islice(value, 1)), default=0)
    return 0 if isinstance(value, Mapping) else np.ndim(value)


def list_source(
    spec: str,
    images: list[UInt8[np.ndarray, "_ _ _"]],
    labels: Int64[np.ndarray, " n"] | None = None,
    classes: tuple[str, ...] = (),
) -> ImageSource:
    """Present images, of one size or several, as a source; those of one size have the digest of their array."""
    if len({image.shape for image in images}) == 1:
        return array_source(spec, np.stack(images), labels, classes)
    whole = hashlib.sha256(b"images:")
    for image in images:
        whole.update(f"{image.shape}".encode())
        whole.update(np.ascontiguousarray(image).data)
    names = [f"{spec}#{i}" for i in range(len(images))]
    return ImageSource(spec, names, images.__getitem__, whole.hexdigest(), labels, classes)
