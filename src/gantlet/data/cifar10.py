"""CIFAR-10: 50,000 training and 10,000 test pictures of 32×32 pixels, from the official binary batches."""

import tarfile
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.files import cache_folder, read_bytes
from gantlet.core.words import counted
from gantlet.data import SOURCES
from gantlet.data.arrays import array_source
from gantlet.data.download import LARGEST, DownloadError, fetch
from gantlet.data.source import ImageSource

ARCHIVE = "cifar-10-binary.tar.gz"
URLS = (f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}",)
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
INSIDE = "cifar-10-batches-bin"
BATCHES = {"train": [f"data_batch_{i}.bin" for i in range(1, 6)], "test": ["test_batch.bin"]}
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3 * 32 * 32


@SOURCES.register("cifar10", source="Krizhevsky 2009, Learning multiple layers of features from tiny images")
def cifar10(root: str = "", split: str = "train") -> ImageSource:
    """CIFAR-10's pictures, RGB 32×32, ten classes; downloaded once with its SHA-256 where no folder is given.

    Args: root: folder with the binary batches (data_batch_1.bin … test_batch.bin), or with cifar-10-binary.tar.gz;
    empty: the cache folder, filled by download; split: train (50,000) or test (10,000).
    Raises: DataError when files are missing, damaged, or cannot be downloaded (with a remedy).
    Convention: the lossless official files; JPEG copies of CIFAR-10 give other metric values; open them as a folder.
    """
    if split not in BATCHES:
        raise ConfigError(f"option 'split' of data source 'cifar10' must be train or test; got {split!r}")
    records = np.concatenate([_records(name, data) for name, data in _batches(root, BATCHES[split])])

    def spec(which: str) -> str:
        return f"cifar10[root={root},split={which}]" if root else f"cifar10[split={which}]"

    return array_source(
        spec(split),
        np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)),
        records[:, 0].astype(np.int64),
        CLASSES,
        prefix=f"cifar10-{split}",
        held_out=spec("test" if split == "train" else "train"),
    )


def _records(name: str, data: bytes) -> UInt8[np.ndarray, "n 3073"]:
    """Return the records of one batch: a label, then 1,024 red, green and blue values, row by row."""
    if not data or len(data) % RECORD:
        raise DataError(
            f"CIFAR-10's {name} has {counted(len(data), 'byte')}, not a multiple of {RECORD}; download it again"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    if records[:, 0].max() >= len(CLASSES):
        raise DataError(f"CIFAR-10's {name} holds the label {records[:, 0].max()}; expected 0 to 9; download it again")
    return records


def _batches(root: str, names: list[str]) -> list[tuple[str, bytes]]:
    folder = Path(root) if root else cache_folder() / "cifar10"
    for place in (folder, folder / INSIDE):
        if all((place / name).is_file() for name in names):
            return [(name, read_bytes(place / name, LARGEST)) for name in names]
    archive = folder / ARCHIVE
    if not root:
        _download(archive)
    if not archive.is_file():
        raise DataError(
            f"{str(folder)!r} has neither {names[0]} nor {ARCHIVE}; set root= to the folder with the official binary "
            "files (a folder of pictures is opened by its path alone)"
        )
    try:
        with tarfile.open(archive) as opened:
            return [(name, _member(opened, name)) for name in names]
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise DataError(f"{archive} is damaged or incomplete ({error}); download it again") from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(f"{INSIDE}/{name}")
    return file.read(LARGEST) if file else b""


def _download(archive: Path) -> None:
    try:
        fetch(archive, URLS, SHA256)
    except DownloadError as error:
        raise DataError(
            f"CIFAR-10's {ARCHIVE} is not in {archive.parent} and could not be downloaded ({error}); connect to the "
            f"network once, or put the file into that folder, or write cifar10[root=DIR]"
        ) from error
