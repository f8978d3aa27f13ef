"""A .zip archive of image files, read in place and interpreted as a folder."""

import lzma
import struct
import threading
import zipfile
import zlib
from pathlib import Path

from gantlet.core.errors import DataError
from gantlet.core.files import require_regular
from gantlet.data import SOURCES
from gantlet.data.archive import check_names, check_size
from gantlet.data.collection import Choices, collect
from gantlet.data.decode import Undecodable
from gantlet.data.source import ImageSource

PIECE = 4096
"""Bytes that are unpacked at once: more than it asks for are never held, whatever a member's header says."""
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError),
)


@SOURCES.register("zip", source="PKWARE APPNOTE 6.3; ImageFolder convention: one folder per class")
def zip_archive(
    path: str, labels: str = "auto", split: str = "", background: str = "white", *, frames: str = "", bits: int = 0
) -> ImageSource:
    """Image files in a .zip archive, never unpacked to disk; class folders become labels, as in a folder.

    Args: path: the archive; labels, split, background, frames, bits: as for ``folder``.
    Raises: DataError when it is no zip, is encrypted, or holds names that leave the archive (../) or are given twice.
    """
    require_regular(Path(path))
    try:
        archive = zipfile.ZipFile(path)
        members = [member for member in archive.infolist() if not (member.filename and member.is_dir())]
    except BROKEN as error:
        raise DataError(f"{path} cannot be read as a zip archive ({error}); it may be damaged or incomplete") from error
    _check(path, members)
    by_name = {member.filename: member for member in members}
    lock = threading.Lock()

    def load(name: str) -> bytes:
        member = by_name[name]
        check_size(member.file_size)
        try:
            with lock, archive.open(member) as file:
                return b"".join(iter(lambda: file.read(PIECE), b""))
        except BROKEN as error:
            raise Undecodable(f"damaged in the archive: {error}") from error

    return collect(path, list(by_name), load, Choices(labels, split, background, frames, bits))


def _check(path: str, members: list[zipfile.ZipInfo]) -> None:
    check_names(path, [member.filename for member in members])
    for member in members:
        if member.flag_bits & 1:
            raise DataError(f"{path} is encrypted ({member.filename!r}); unpack it and give the folder")
        if member.compress_type == zipfile.ZIP_BZIP2:  # a few bytes expand without any bound, and all at once
            raise DataError(f"{path} is packed with bzip2 ({member.filename!r}); unpack it and give the folder")
