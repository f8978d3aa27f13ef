"""Downloads: a file is fetched once, checked by its SHA-256, and stored in the cache folder."""

import contextlib
import http.client
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from gantlet.core.errors import GantletError
from gantlet.core.files import sha256, writing
from gantlet.core.words import counted

LARGEST = 2**30
"""Bytes of a download at most: the largest of the data sets has 170 MB."""


class DownloadError(GantletError):
    """No address of a file returned the file."""


_cut_off = [False]
"""Whether downloads are refused: of nested blocks the last one counts, in all threads."""


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Let nothing be downloaded inside the block: what is not here is a DownloadError."""
    _cut_off.append(True)
    try:
        yield
    finally:
        _cut_off.pop()


def is_offline() -> bool:
    """Return whether downloads are refused now."""
    return _cut_off[-1]


def fetch(path: Path, urls: Sequence[str], digest: str, timeout: float = 30.0) -> Path:
    """Return ``path``, downloaded first when it is not there; raises DownloadError with the reason of each address.

    A file with another SHA-256 is never stored, so neither a damaged download nor an error page replaces the file.
    """
    if path.exists():
        return path
    if is_offline():
        raise DownloadError("nothing is downloaded now")
    reasons = []
    for url in urls:
        try:
            with writing(path) as temporary:
                _download(url, temporary, digest, timeout)
            return path
        except DownloadError as error:
            reasons.append(f"{url}: {error}")
    raise DownloadError("; ".join(reasons))


def _download(url: str, target: Path, digest: str, timeout: float) -> None:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as response:
            content = response.read(LARGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(str(getattr(error, "reason", error)) or type(error).__name__) from error
    if len(content) > LARGEST:
        raise DownloadError(f"got more than {LARGEST:,} bytes; expected another file")
    target.write_bytes(content)
    actual = sha256(target)
    if actual != digest:
        raise DownloadError(f"got {counted(len(content), 'byte')} with SHA-256 {actual}, expected {digest}")
