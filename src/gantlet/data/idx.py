"""The idx format of MNIST and its relatives, plain or gzipped."""

import gzip
import re
import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.files import require_regular
from gantlet.core.limits import within
from gantlet.core.words import counted
from gantlet.data import SOURCES
from gantlet.data.arrays import array_source, to_labels
from gantlet.data.source import ImageSource

HEADER = 4 + 4 * 255
"""The longest header."""
AXES = 8
_UINT8 = 0x08


def _size(data: bytes) -> int:
    """Return the number of bytes that a file must have by the beginning of its header; 0 where that is none."""
    axes = data[3] if len(data) > 3 else 0
    if not axes or len(data) < 4 + 4 * axes:
        return 0
    return 4 + 4 * axes + int(np.prod(struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes]), dtype=object))


def read_idx(path: Path) -> UInt8[np.ndarray, "..."]:
    """Read one idx file of unsigned bytes; raises DataError when it is missing, truncated, or of another kind.

    Format: two zero bytes, the type (8 = unsigned byte), the number of axes, the sizes as big-endian 32-bit numbers,
    then the values.
    """
    require_regular(path)
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else path.open("rb") as file:
            data = file.read(HEADER)
            size, held = _size(data), path.stat().st_size
            if zipped:
                within(size, f"{path}, unpacked,", held=held)
            data += file.read(max(0, (size if zipped else min(size, held)) + HEADER - len(data)))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged or incomplete ({error}); download it again") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[3] == 0:
        raise DataError(
            f"{path} is not an idx file; it starts with {data[:4].hex(' ') or 'nothing'}, expected 00 00 08"
        )
    if data[2] != _UINT8:
        raise DataError(f"{path}: its values are of idx type 0x{data[2]:02x}; expected 0x08 (unsigned bytes)")
    axes = data[3]
    header = 4 + 4 * axes
    if axes > AXES:
        raise DataError(f"{path} has {counted(axes, 'axis')}; expected at most {AXES}")
    if len(data) < header:
        raise DataError(f"{path} ends inside its header; download it again")
    shape = struct.unpack(f">{axes}I", data[4:header])
    values = np.frombuffer(data, np.uint8, offset=header)
    if values.size != int(np.prod(shape, dtype=object)):
        many = "more" if values.size > _size(data) - header else f"{values.size}"
        raise DataError(f"{path}: the header promises {shape} values, the file has {many}; download it again")
    return values.reshape(shape)


@SOURCES.register("idx", source="LeCun, Cortes and Burges 1998, the MNIST database")
def idx(path: str, labels: str = "auto") -> ImageSource:
    """Images from one idx file, plain or gzipped, with the labels of the accompanying file.

    Args: path: the image file; labels: auto (from …-labels-idx1-ubyte next to …-images-idx3-ubyte, where it exists),
    none, or the path of the label file.
    Raises: DataError when the file is damaged, or is a file of labels.
    """
    images = read_idx(Path(path))
    if images.ndim == 1:
        raise DataError(f"{path} holds {counted(len(images), 'label')}, not images; give the …-images-idx3-ubyte file")
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)) or 0 in images.shape:
        raise DataError(
            f"{path}: the shape {images.shape} is not that of images; expected [n, h, w] or [n, h, w, 1 or 3]"
        )
    pixels = images[:, :, :, None] if images.ndim == 3 else images
    beside = _label_file(path, labels)
    class_labels, classes = to_labels(str(beside), read_idx(beside), len(pixels)) if beside else (None, ())
    return array_source(
        path if labels == "auto" else f"{path}[labels={labels}]", pixels, class_labels, classes, prefix=Path(path).name
    )


def _label_file(path: str, labels: str) -> Path | None:
    if labels == "none":
        return None
    if labels != "auto":
        if not Path(labels).is_file():
            raise ConfigError(f"option 'labels' must be auto, none or the path of an idx file; got {labels!r}")
        return Path(labels)
    image_file = Path(path)
    beside = image_file.with_name(re.sub(r"images([-.])idx3", r"labels\1idx1", image_file.name))
    return beside if beside != image_file and beside.is_file() else None
