"""Data sets published as MNIST's four idx files: read from a folder, or downloaded once with their SHA-256."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.files import cache_folder
from gantlet.data.arrays import array_source
from gantlet.data.download import DownloadError, fetch
from gantlet.data.idx import read_idx
from gantlet.data.source import ImageSource

PREFIX = {"train": "train", "test": "t10k"}


class OfficialIdx(NamedTuple):
    """One such data set: its source ``name``, its ``title``, the addresses of its files, their digests, its ten classes."""

    name: str
    title: str
    mirrors: Sequence[str]
    sha256: Mapping[str, str]
    classes: tuple[str, ...]


def open_official(data: OfficialIdx, root: str, split: str) -> ImageSource:
    """Open one split; raises ConfigError for another split, DataError when files are missing, damaged or not downloadable.

    Args: root: folder with the four files, gzipped or not; empty: the cache folder, filled by download.
    """
    if split not in PREFIX:
        raise ConfigError(f"option 'split' of data source {data.name!r} must be train or test; got {split!r}")
    folder = Path(root) if root else cache_folder() / data.name
    images = read_idx(_file(data, folder, f"{PREFIX[split]}-images-idx3-ubyte", download=not root))
    labels = read_idx(_file(data, folder, f"{PREFIX[split]}-labels-idx1-ubyte", download=not root))
    if images.ndim != 3 or labels.shape != images.shape[:1] or (len(labels) and labels.max() >= len(data.classes)):
        raise DataError(
            f"{folder}: images {images.shape} and labels {labels.shape} are not {data.title}'s; download the files again"
        )

    def spec(which: str) -> str:
        return f"{data.name}[root={root},split={which}]" if root else f"{data.name}[split={which}]"

    return array_source(
        spec(split),
        images[:, :, :, None],
        labels.astype("int64"),
        data.classes,
        prefix=f"{data.name}-{split}",
        held_out=spec("test" if split == "train" else "train"),
    )


def _file(data: OfficialIdx, folder: Path, name: str, *, download: bool) -> Path:
    for variant in (name, f"{name}.gz", name.replace("-idx", ".idx"), name.replace("-idx", ".idx") + ".gz"):
        if (folder / variant).is_file():
            return folder / variant
    if not download:
        raise DataError(
            f"{str(folder)!r} has no {name} or {name}.gz; set root= to the folder with {data.title}'s four idx files"
        )
    packed = f"{name}.gz"
    try:
        return fetch(folder / packed, [mirror + packed for mirror in data.mirrors], data.sha256[packed])
    except DownloadError as error:
        raise DataError(
            f"{data.title}'s {packed} is not in {folder} and could not be downloaded ({error}); connect to the network "
            f"once, or put the four gzipped idx files into that folder, or write {data.name}[root=DIR]"
        ) from error
