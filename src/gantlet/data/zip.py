"""A .zip archive of image files, read in place and interpreted as a folder."""

import threading
import zipfile
import zlib

from gantlet.core.errors import DataError
from gantlet.data import SOURCES
from gantlet.data.archive import MAX_BYTES, check_names
from gantlet.data.collection import Choices, collect
from gantlet.data.decode import Undecodable
from gantlet.data.source import ImageSource


@SOURCES.register("zip", source="PKWARE APPNOTE 6.3; ImageFolder convention: one folder per class")
def zip_archive(path: str, labels: str = "auto", split: str = "", background: str = "white") -> ImageSource:
    """Image files in a .zip archive, never unpacked to disk; class folders become labels, as in a folder.

    Args: path: the archive; labels, split, background: as for ``folder``.
    Raises: DataError when it is no zip, is encrypted, or holds names that leave the archive (../) or are given twice.
    """
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path!r}") from error
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path} cannot be read as a zip archive ({error}); it may be damaged or incomplete") from error
    members = [member for member in archive.infolist() if not member.is_dir()]
    _check(path, members)
    by_name = {member.filename: member for member in members}
    lock = threading.Lock()

    def load(name: str) -> bytes:
        member = by_name[name]
        if member.file_size > MAX_BYTES:
            raise Undecodable(f"refused: unpacked it has {member.file_size // 2**20} MB")
        try:
            with lock:
                return archive.read(member)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
            raise Undecodable(f"damaged in the archive: {error}") from error

    return collect(path, list(by_name), load, Choices(labels, split, background))


def _check(path: str, members: list[zipfile.ZipInfo]) -> None:
    check_names(path, [member.filename for member in members])
    for member in members:
        if member.flag_bits & 1:
            raise DataError(f"{path} is encrypted ({member.filename!r}); unpack it and give the folder")
