"""What a Python program holds, as a source: arrays, tensors, lists, DataLoaders, generators, features computed elsewhere."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike, fspath
from typing import Any, Protocol, get_args, runtime_checkable

import numpy as np

from gantlet.core.calls import called, texts
from gantlet.core.errors import DataError, UsageError
from gantlet.core.words import counted
from gantlet.data.arrays import array_source, to_labels
from gantlet.data.batches import Gathered, gather, split_labels
from gantlet.data.drawn import Latent, batches, is_generator, require_no_latent
from gantlet.data.kinds import Source
from gantlet.data.pictures import is_picture
from gantlet.data.points import PointSource, point_array
from gantlet.data.source import ImageSource
from gantlet.data.tensors import as_array, is_tensor, pixels

BATCH = 64
_SPACE = re.compile(r"[\w.:/+-]+")
KINDS = (
    "a path or source string, an array or tensor of images, a list of PIL images, an iterable of batches (a DataLoader), a "
    "function of (n, seed) or a torch module, or gantlet.images(…), gantlet.points(…), gantlet.features(…)"
)


@called
def images(
    data: Any,
    *,
    range: str = "",
    labels: Any = None,
    classes: Iterable[str] = (),
    layout: str = "auto",
    n: int = 0,
    seed: int = 0,
    latent: Latent = 0,
    batch: int = BATCH,
    name: str = "",
) -> ImageSource:
    """Return images that a Python program holds or draws, as a source for `gantlet.evaluate` and the rest.

    >>> gantlet.images(x, range="symmetric", labels=y)  # doctest: +SKIP
    >>> gantlet.images(generator, n=5000, latent=128, range="symmetric")  # doctest: +SKIP

    Args: data: uint8 or floats as an array ([n, h, w, c], [n, c, h, w], [n, h, w]) or tensor [n, c, h, w]; a list of PIL images,
    arrays or tensors; an iterable of batches, of (images, labels), or of mappings with ``image`` and ``label``; a function
    (n, seed) → n images of any of these forms, an object with ``sample(n, seed=…)``, or with ``latent`` a torch module or
    function of z ~ N(0, I) [b, latent].
    range: of floats, unit [0, 1], symmetric [−1, 1] or byte [0, 255]: it is never guessed; labels: one class index or name per
    image; classes: names that the labels index; layout: of arrays; n: how many to take, the first ones (0: all), or to draw from a
    generator; seed: of the drawing; batch: images drawn at once; name: in reports.
    Returns: the source; uint8 in memory. Raises: UsageError, DataError.
    """
    what, names = name or "images", tuple(texts("gantlet.images: classes", classes))
    if is_picture(data) or isinstance(data, str | bytes | Mapping):
        raise UsageError(f"{what}: expected images in the plural; got {type(data).__name__}; paths go to open_source")
    if isinstance(data, tuple) and labels is None:
        data, labels = split_labels(what, data)
    if n < 0:
        raise UsageError(f"{what}: expected n ≥ 0, how many to take or to draw; got {n}")
    if isinstance(data, np.ndarray) or is_tensor(data):
        require_no_latent(what, data, latent)
        found = _of_array(what, data[:n] if n and data.ndim else data, range, layout)
    elif is_generator(data):
        if n < 1:
            raise UsageError(f"{what} are drawn from {_kind(data)}; say how many: n=5000")
        found = _drawn(what, data, (range, layout), (n, seed, latent, batch))
    elif is_many(data):
        require_no_latent(what, data, latent)
        found = gather(what, each(data), range, layout, n=n).source(what, names)
    else:
        raise UsageError(f"{what}: {type(data).__name__} holds no images; expected {KINDS}")
    if labels is None:
        return found
    indices, known = to_labels(what, as_array(labels), len(found), names)
    return replace(found, labels=indices, classes=known)


@called
def points(data: Any, *, name: str = "points") -> PointSource:
    """Return points [n, d], one per row, as a source: every distance is a distance in their own space; raises DataError."""
    return PointSource(name, point_array(name, as_array(data)))


@called
def features(data: Any, space: str, *, name: str = "features") -> PointSource:
    """Return features that were computed elsewhere, as a source: metrics of features work, those of pixels do not.

    Args: data: numbers [n, d], one row per image; space: the name of the network and its preprocessing, e.g. ``my-net-v2``;
    both sides must have the same one, and the report shows it; name: in reports.
    Raises: DataError for another shape, type or NaN; UsageError for a name of a space with other characters than letters,
    digits and . : / + - _.
    """
    if not _SPACE.fullmatch(space):
        raise UsageError(f"a feature space is named by letters, digits and . : / + - _, e.g. my-net-v2; got {space!r}")
    return PointSource(name, point_array(name, as_array(data)), space=space)


def is_given(value: Any) -> bool:
    """Return whether a value is neither a source string or path nor an opened source."""
    return not isinstance(value, (str, PathLike, *get_args(Source)))


def as_source(what: str, value: Any, *, range: str = "", n: int = 0, seed: int = 0, latent: Latent = 0) -> Source:
    """Return what a Python program holds as a source; ``what`` is its role: fake, real …; arguments as for `images`.

    Raises: UsageError for an array of two axes, whose rows may be features or points, and for anything else that is no set
    of images.
    """
    if isinstance(value, get_args(Source)):
        source: Source = value
        return source
    axes = np.ndim(value) if isinstance(value, np.ndarray) or is_tensor(value) else 0
    if axes == 2:
        raise UsageError(
            f"{what} is an array of shape {tuple(value.shape)}; say what its rows are: gantlet.features({what}, 'NAME OF THE "
            f"SPACE') for features computed elsewhere, gantlet.points({what}) for points, or reshape them to [n, h, w]"
        )
    if is_generator(value) or is_many(value):
        return images(value, range=range, n=n, seed=seed, latent=latent, name=f"{what} ({_kind(value)})")
    raise UsageError(f"{what} is of type {type(value).__name__}; expected {KINDS}")


@runtime_checkable
class Indexed(Protocol):
    """What a torch data set promises: a length, and items by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Any: ...


def are_sets(value: Any) -> bool:
    """Return whether a list or tuple holds several whole sets: arrays or tensors of four axes, paths and source strings, opened sources."""
    return isinstance(value, list | tuple) and len(value) > 1 and all(map(_is_set, value))


def _is_set(value: Any) -> bool:
    array = isinstance(value, np.ndarray) or is_tensor(value)
    return value.ndim == 4 if array else isinstance(value, (str, PathLike, *get_args(Source)))


def is_many(value: Any) -> bool:
    """Return whether images can be taken from a value one after the other: it is iterated, or indexed as a torch data set is."""
    return not isinstance(value, type) and isinstance(value, Iterable | Indexed)


def each(value: Any) -> Iterable[Any]:
    """Return what a value holds, in order."""
    return value if isinstance(value, Iterable) else (value[i] for i in range(len(value)))


def text_of(value: Any) -> Any:
    """Return a path as its text, and anything else as it is."""
    return fspath(value) if isinstance(value, PathLike) else value


def _of_array(what: str, data: Any, range: str, layout: str) -> ImageSource:
    if layout in ("auto", "NHW") and is_tensor(data) and data.ndim == 3:
        data = as_array(data)  # gray images [n, h, w], as torchvision's MNIST holds them
    return array_source(what, np.asarray(pixels(data, range, what=what, layout=layout)))


def _drawn(what: str, generator: Any, form: tuple[str, str], drawing: tuple[int, int, Latent, int]) -> ImageSource:
    """Draw images and check their number, batch by batch."""
    n, seed, latent, batch = drawing
    gathered = Gathered(what, *form)
    for result in batches(what, generator, n, seed, latent=latent, batch=batch):
        count = min(batch, n - len(gathered.images))
        wanted = count + len(gathered.images)
        gathered.add(_with_channel(result, count))
        if len(gathered.images) != wanted:
            got = len(gathered.images) - wanted + min(batch, n)
            raise DataError(f"{what}: the generator was asked for {counted(min(batch, n), 'image')} and returned {got}")
    drawn = f"{counted(n, 'image', 'were')} drawn from {_kind(generator)} (seed {seed}, {min(batch, n)} at a time)"
    return replace(gathered.source(what), remarks=(drawn,))


def _with_channel(result: Any, count: int) -> Any:
    """Return the gray images [n, h, w] of a generator with an axis for their channel: of three axes, the first is the number asked for."""
    if not (isinstance(result, np.ndarray) or is_tensor(result)) or result.ndim != 3 or len(result) != count:
        return result
    return result[:, None] if is_tensor(result) else result[..., None]


def _kind(value: Any) -> str:
    """Return what a value is in a few words."""
    kind = type(value).__name__
    return {"ndarray": "array", "function": value.__name__ if kind == "function" else ""}.get(kind, kind)
