"""Checks of archives: names that would leave the archive, or are given twice, are refused."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from gantlet.core.errors import DataError

MAX_BYTES = 2**29
"""Larger unpacked members are refused (a decompression bomb, or not an image)."""


def check_names(path: str, names: Iterable[str]) -> None:
    """Raise DataError for an absolute name, a name with ``..``, and a name that is given twice."""
    visited: set[str] = set()
    for name in names:
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise DataError(
                f"{path} is refused: the name {name!r} leaves the archive; pack it again without such names"
            )
        if name in visited:
            raise DataError(f"{path} holds the name {name!r} twice; pack it again so that every name occurs once")
        visited.add(name)
