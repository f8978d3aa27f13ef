"""Atomic writes: a reader sees the old file or the whole new one, never a part."""

import contextlib
import errno
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from gantlet.core.errors import DataError, OutputError, UnreadableFile, UsageError
from gantlet.core.limits import most
from gantlet.core.locks import PART, sweep_once, take
from gantlet.core.words import counted

SYSTEM_FILES = {"thumbs.db", "desktop.ini", "__macosx"}
"""Names that systems leave in folders; they are ignored where images are read."""
CHUNK = 2**24
TEXT = 2**29
"""Bytes of a text file at most."""
INTACT = "; what was written before is intact"
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.EACCES: "permission denied; choose a folder you may write to",
    errno.ENOTDIR: "a part of the path is a file; choose another folder",
    errno.EEXIST: "a file of that name exists there; choose another name",
    errno.ENOTEMPTY: "a folder of that name exists there; choose another name",
}


@contextlib.contextmanager
def writing(path: Path, *, new: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it replaces ``path``, on failure it is removed.

    ``new``: nothing is replaced; of two that write one name at once the second gets the error.
    Raises OutputError with the reason when the folder cannot be written or the disk is full.
    """
    with explained(path):
        if os.path.lexists(path.parent) and not path.parent.is_dir():
            raise OutputError(
                f"cannot write {path}: {path.parent} is no folder (a file, or a link that leads nowhere); choose another"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_once(path.parent.absolute())
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=PART, dir=path.parent)
        take(handle)  # held until the end: nobody takes it for the leftover of a killed process
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            _link(temporary, path) if new else temporary.replace(path)
        finally:
            os.close(handle)
            temporary.unlink(missing_ok=True)


def _link(temporary: Path, path: Path) -> None:
    """Give a file a second name that must be free; where there are no such links, test and rename."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        temporary.replace(path)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an OSError while writing ``path`` into an OutputError with a remedy."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, os.strerror(error.errno) if error.errno else str(error))
        raise OutputError(f"cannot write {path}: {reason}{INTACT}") from error


def read_text(path: Path, limit: int = TEXT) -> str:
    """Return the text of a regular UTF-8 file of at most ``limit`` bytes; raises DataError for any other."""
    content = read_bytes(path, limit)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8 ({error.reason} at byte {error.start})") from error


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the content of a regular file of at most ``limit`` bytes; raises UnreadableFile for any other."""
    require_regular(path)
    try:
        with path.open("rb") as file:
            content = _at_most(file, limit)
    except OSError as error:
        raise UnreadableFile(path, f"cannot be read: {error.strerror or error}") from error
    if len(content) > limit:
        raise UnreadableFile(
            path, f"more than {counted(limit, 'byte')}; if it is honest, raise the limit with --limit SIZE"
        )
    return content


def _at_most(file: BinaryIO, limit: int) -> bytes:
    """Return the rest of a file, or limit + 1 bytes of a longer one; memory is taken for what is there, not for the limit."""
    content = file.read(min(limit, os.fstat(file.fileno()).st_size) + 1)
    while len(content) <= limit and (more := file.read(min(CHUNK, limit + 1 - len(content)))):
        content += more  # it has grown since
    return content


@contextlib.contextmanager
def in_utf8(path: Path) -> Iterator[str]:
    """Yield a name of a file for libraries that take names in UTF-8 alone: its own, else that of its open handle."""
    if is_utf8(path):
        yield str(path)
        return
    with path.open("rb") as file:
        yield f"/dev/fd/{file.fileno()}"


def is_utf8(path: Path) -> bool:
    """Return whether a path is text; the names of files may be any bytes."""
    return not any("\ud800" <= character <= "\udfff" for character in str(path))


def require_regular(path: Path) -> None:
    """Raise UnreadableFile unless a path is a regular file: a pipe would never end, and a device never does.

    A file with holes (sparse) may be as large as one file may expand to.
    """
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise UnreadableFile(path, "no file of this name", f"there is no file {str(path)!r}; check the path") from error
    except (OSError, ValueError) as error:
        raise UnreadableFile(path, f"cannot be read: {error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableFile(path, "no regular file")
    held = 512 * found.st_blocks if os.name == "posix" else found.st_size
    if found.st_size > max(held, most()):
        raise UnreadableFile(
            path,
            f"{counted(found.st_size, 'byte')}, of which {held:,} are on the disk; if it is honest, add --limit SIZE",
        )


def as_path(value: Any, what: str) -> Path:
    """Return a path that a caller gave as a text or a path; raises UsageError, which names ``what`` it is, for anything else."""
    if isinstance(value, str | os.PathLike) and os.fspath(value):
        return Path(value)
    raise UsageError(f"{what} must be a path; got {value!r}"[:200])


def lies_below(path: Path, folder: Path) -> bool:
    """Return whether a path is a regular file below a folder, with all its links followed."""
    try:
        return path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, RuntimeError, ValueError):  # a loop of links
        return False


def exists(text: str) -> bool:
    """Return whether a text is the path of something; False for what cannot be a path (too long, a NUL)."""
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def json_digest(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 over plain values as canonical JSON: sorted keys, no spaces."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def safe_name(text: str) -> str:
    """Return a name that is one plain part of a path: no separators, control characters, leading dots, and not empty.

    What cannot stay becomes an underscore, so that a name from a file never leads elsewhere.
    """
    plain = "".join(
        "_" if character in '/\\:*?"<>|' or not character.isprintable() else character for character in text
    )
    stripped = plain.strip()
    hidden = stripped.startswith(".") or not stripped or stripped.casefold() in SYSTEM_FILES
    return "_" + stripped.lstrip(".")[:199] if hidden else stripped[:200]


def distinct_names(texts: Sequence[str]) -> list[str]:
    """Return a safe name for each text; one that is taken already (letter case aside) gets a number."""
    names: list[str] = []
    taken: set[str] = set()
    for text in texts:
        plain = name = safe_name(text)
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically; raises OutputError. Names of files that are no UTF-8 are written as escapes."""
    write_bytes(path, text.encode(errors="backslashreplace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically; raises OutputError."""
    with writing(path) as temporary:
        temporary.write_bytes(data)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Return the folder for downloads and feature caches: $GANTLET_CACHE, or the platform's cache folder."""
    import platformdirs

    return Path(os.environ.get("GANTLET_CACHE") or platformdirs.user_cache_dir("gantlet"))
