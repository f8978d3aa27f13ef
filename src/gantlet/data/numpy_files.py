"""Arrays out of .npy and .npz files: nothing is unpickled, and nothing is allocated on a header's word alone."""

import lzma
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from gantlet.core.errors import DataError
from gantlet.core.files import require_regular
from gantlet.core.limits import within
from gantlet.core.words import counted

HEADER = 10_000
"""The longest header of an array, as in NumPy."""
_LENGTH = {(1, 0): "<H", (2, 0): "<I", (3, 0): "<I"}
_BROKEN = (
    *(ValueError, EOFError, OSError, OverflowError, KeyError, TypeError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(SyntaxError, RecursionError, MemoryError, tokenize.TokenError),
)
_SUFFIX = ".npy"


def read_array(path: str) -> np.ndarray:
    """Return the array of an .npy file, mapped and not read; raises DataError."""
    require_regular(Path(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an overflowing shape fails below
            loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except _BROKEN as error:
        raise _unreadable(path, error) from error
    if not isinstance(loaded, np.ndarray):
        loaded.close()
        raise DataError(f"{path} is an .npz archive of arrays, not one array; rename it to .npz")
    return loaded


def read_arrays(path: str, names: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file by name (those of ``names`` that are there; none: all); raises DataError.

    An array that promises more than `limits.most` bytes and more than its packed bytes is refused before it is made.
    """
    require_regular(Path(path))
    if not zipfile.is_zipfile(path):
        if _is_array(path):
            raise DataError(f"{path} is one array, not an .npz archive; rename it to .npy")
        raise DataError(
            f"{path} cannot be read as NumPy arrays: it is no .npz archive; it may be damaged or incomplete"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                name: _member(path, archive, info)
                for info in archive.infolist()
                if info.filename.endswith(_SUFFIX)
                and ((name := info.filename.removesuffix(_SUFFIX)) in names or not names)
            }
    except _BROKEN as error:
        raise _unreadable(path, error) from error


def _is_array(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(6) == b"\x93NUMPY"


def _member(path: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{info.filename} is packed otherwise than NumPy packs; save it again with np.savez")
    shape, dtype = _promise(archive, info)
    promised = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if min(shape, default=0) < 0:
        raise ValueError(f"{info.filename} has the shape {shape}")
    within(promised, f"{path}: the array {info.filename} of shape {shape}", held=info.compress_size)
    with archive.open(info) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _promise(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and type as the header has them; raises ValueError for a header that is longer than any."""
    with archive.open(info) as file:
        form = _LENGTH[np.lib.format.read_magic(file)]
        (length,) = struct.unpack(form, file.read(struct.calcsize(form)))
    if length > HEADER:
        raise ValueError(f"{info.filename} has a header of {counted(length, 'byte')}")
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    return shape, dtype


def _unreadable(path: str, error: Exception) -> DataError:
    reason = str(error)
    if "bject" in reason:
        reason = "it holds Python objects, which are never unpickled"
    elif "allow_pickle" in reason:
        reason = "its header is longer than NumPy writes any"
    return DataError(f"{path} cannot be read as NumPy arrays: {reason or type(error).__name__}")
