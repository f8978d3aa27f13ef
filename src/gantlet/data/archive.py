"""Checks of archives: names that would leave the archive, or are given twice, are refused."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from gantlet.core.errors import DataError
from gantlet.core.limits import PER_IMAGE, most_per_image
from gantlet.data.decode import Undecodable


def check_size(size: int) -> None:
    """Raise Undecodable for a member of an archive that is larger than the file of one image may be."""
    if size > most_per_image():
        raise Undecodable(
            f"refused: it has {size // 2**20} MB, more than {most_per_image() // 2**20}; if it is an image, raise the limit "
            f"with --limit {-(-size * PER_IMAGE // 10**9)}GB"
        )


def check_names(path: str, names: Iterable[str]) -> None:
    """Raise DataError for an absolute name, a name with ``..``, and a name that is given twice."""
    visited: set[str] = set()
    for name in names:
        if not name:
            raise DataError(f"{path} holds a file without a name; it may be damaged: pack it again")
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise DataError(
                f"{path} is refused: the name {name!r} leaves the archive; pack it again without such names"
            )
        if name in visited:
            raise DataError(f"{path} holds the name {name!r} twice; pack it again so that every name occurs once")
        visited.add(name)
