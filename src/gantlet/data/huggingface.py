"""A data set of the Hugging Face hub, or one that `datasets` saved to a folder."""

import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.specs import format_spec
from gantlet.data import SOURCES
from gantlet.data.arrays import to_labels
from gantlet.data.decode import BACKGROUNDS, Undecodable, decode, image_file
from gantlet.data.frames import first_frames
from gantlet.data.source import ImageSource
from gantlet.data.survey import survey

LABEL_COLUMNS = ("label", "labels", "fine_label", "class", "target")
OTHER_SPLIT = {"train": ("test", "validation", "valid"), "test": ("train",), "validation": ("train",)}


class Columns(NamedTuple):
    """The chosen columns of a table: images, and labels or ''."""

    image: str
    label: str


@SOURCES.register("huggingface", source="Lhoest et al. 2021, Datasets: a community library, arXiv:2109.02846")
def huggingface(
    path: str,
    split: str = "train",
    *,
    config: str = "",
    image: str = "",
    labels: str = "auto",
    background: str = "white",
) -> ImageSource:
    """Images of a Hugging Face data set, written hf:owner/name[test] or hf:owner/name[split=test,labels=fine_label].

    The files of its image column are decoded by gantlet's own decoder; `datasets` refuses a data set that
    is a program. Needs the extra: pip install 'gantlet[hub]'.

    Args: path: owner/name on the hub, or a folder written by save_to_disk; split: the split to read; config: the data
    set's configuration where it has several; image: the image column, empty: the only image column; labels: auto, none or the
    label column; background: white or black, behind transparent pixels.
    Raises: ConfigError without the extra; DataError when the data set cannot be loaded, or has no such split or column.
    """
    if background not in BACKGROUNDS:
        raise ConfigError(f"option 'background' must be one of {', '.join(BACKGROUNDS)}; got {background!r}")
    spec = f"hf:{path}"
    table, splits = _open(_library(), path, split, config)
    columns = _columns(spec, table, image, labels)
    class_labels, classes, notes = _labels(spec, table, columns.label, automatic=labels == "auto")

    def where(split_name: str) -> str:
        options = {"split": split_name, "config": config, "image": image, "labels": labels, "background": background}
        defaults = {"config": "", "image": "", "labels": "auto", "background": "white"}
        return format_spec(spec, {key: value for key, value in options.items() if defaults.get(key) != value})

    load = _loader(table, columns.image)
    known = survey(range(len(table)), load, depth=0, workers=1)
    other = next((name for name in OTHER_SPLIT.get(split, ()) if name in splits), "")
    return ImageSource(
        spec=where(split),
        names=[f"{path}/{split}#{i}" for i in range(len(table))],
        read=_reader(load, BACKGROUNDS[background]),
        digest=known.digest(BACKGROUNDS[background]),
        labels=class_labels,
        classes=classes,
        held_out=where(other) if other else "",
        notes=(*notes, *filter(None, [first_frames(known.counts)])),
        formats=known.formats,
    )


def _library() -> Any:
    try:
        return import_module("datasets")
    except ImportError as error:
        raise ConfigError(
            "data source 'huggingface' needs the package 'datasets': pip install 'gantlet[hub]'"
        ) from error


def _open(library: Any, path: str, split: str, config: str) -> tuple[Any, Sequence[str]]:
    """Return the split's table and the names of all splits; raises DataError."""
    try:
        if (Path(path) / "dataset_dict.json").is_file() or (Path(path) / "state.json").is_file():
            loaded = library.load_from_disk(path)
            tables = dict(loaded) if hasattr(loaded, "keys") else {"train": loaded}
        else:
            tables = dict(library.load_dataset(path, config or None))
    except (OSError, ValueError, RuntimeError, library.exceptions.DatasetsError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise DataError(
            f"the data set hf:{path} could not be loaded ({reason}). Three ways out: check the name and connect to the "
            "network once; put the hub's cache in place ($HF_HOME); or give a folder that save_to_disk wrote: "
            "hf:FOLDER"
        ) from error
    if split not in tables:
        raise DataError(f"hf:{path} has no split {split!r}; it has {', '.join(tables)}: write hf:{path}[SPLIT]")
    return tables[split], list(tables)


def _columns(spec: str, table: Any, image: str, labels: str) -> Columns:
    kinds = {name: type(feature).__name__ for name, feature in table.features.items()}
    listing = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
    images = [name for name, kind in kinds.items() if kind == "Image"]
    if image and image not in images:
        raise DataError(f"{spec} has no image column {image!r}; its columns are {listing}")
    if not image and len(images) != 1:
        raise DataError(f"{spec}: cannot tell which column holds the images; it has {listing}: name it with image=NAME")
    if labels not in ("auto", "none") and labels not in kinds:
        raise DataError(f"{spec} has no label column {labels!r}; its columns are {listing}")
    automatic = [name for name in LABEL_COLUMNS if kinds.get(name) in ("ClassLabel", "Value")]
    automatic += [name for name, kind in kinds.items() if kind == "ClassLabel"]
    label = {"auto": automatic[0] if automatic else "", "none": ""}.get(labels, labels)
    return Columns(image or images[0], label)


def _labels(
    spec: str, table: Any, column: str, *, automatic: bool
) -> tuple[Int64[np.ndarray, " n"] | None, tuple[str, ...], tuple[str, ...]]:
    """Return labels, class names and notes; a column without classes is an error unless it was chosen automatically."""
    if not column:
        return None, (), ()
    values = np.asarray(table[column])
    names = tuple(getattr(table.features[column], "names", None) or ())
    try:
        if names and len(values) and (values == -1).all():
            raise DataError(f"{spec}: every label in the column {column!r} is -1, which means hidden")
        class_labels, classes = to_labels(spec, values, len(table), names)
    except DataError as error:
        if not automatic:
            raise
        return None, (), (f"no labels: {error}",)
    return class_labels, classes, ()


def _loader(table: Any, column: str) -> Callable[[int], bytes]:
    """Return a thread-safe function from a row to the undecoded bytes of its image file."""
    raw = table.select_columns([column]).cast_column(column, import_module("datasets").Image(decode=False))
    lock = threading.Lock()

    def load(i: int) -> bytes:
        with lock:
            cell = raw[i][column]
        if cell is None:
            raise Undecodable("the row has no image")
        if cell["bytes"] is not None:
            return bytes(cell["bytes"])
        return image_file(Path(cell["path"]))

    return load


def _reader(load: Callable[[int], bytes], background: int) -> Callable[[int], UInt8[np.ndarray, "h w c"]]:
    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        return decode(load(i), background)

    return read
