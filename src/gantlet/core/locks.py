"""Locks that die with their process, and the leftovers of processes that were killed.

A lock is the operating system's (flock): no file has to be removed by hand after a crash. Where there is none (Windows),
nothing is locked and no leftovers are removed.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gantlet.core.errors import OutputError

YOUNG = 60
"""Seconds."""
PART = ".gantlet-part"
"""The end of the names of all files and folders that are being written."""

_SWEPT: set[Path] = set()


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock of an existing folder; raises OutputError, which names the process, when another one holds it.

    A lock cannot be held on file systems without flock; there a second process is not noticed.
    """
    if not _can_lock():
        yield
        return
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)  # a link may lead anywhere
    with os.fdopen(handle, "r+", encoding="utf-8", errors="replace") as file:
        if not take(file.fileno()):
            holder = file.read(100).strip() or "another process"
            raise OutputError(
                f"{folder} is in use by {holder}; wait until it ends, or choose another folder with --out"
            )
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield


@contextlib.contextmanager
def turn(path: Path, waits: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a file, which is made; where another process holds it, call ``waits`` once and wait until it ends."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        if not take(handle):
            waits()
            while not take(handle):
                time.sleep(0.1)
        yield
    finally:
        os.close(handle)


def take(handle: int) -> bool:
    """Lock an open file or folder without waiting; return False when another process holds it."""
    if not _can_lock():
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def leftovers(folder: Path) -> list[Path]:
    """Return what killed processes left in a folder: unfinished files of a minute's age that no living process holds.

    A file is made a moment before it is locked, so a fresh one may belong to a living process.
    """
    if not _can_lock():
        return []
    return [path for path in sorted(folder.glob(f".*{PART}")) if _age(path) > YOUNG and not _held(path)]


def sweep(*folders: Path) -> None:
    """Remove the leftovers of killed processes from folders."""
    for path in (path for folder in folders for path in leftovers(folder)):
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def sweep_once(folder: Path) -> None:
    """Remove the leftovers from a folder, once in the life of this process."""
    if folder not in _SWEPT:
        _SWEPT.add(folder)
        sweep(folder)


def _age(path: Path) -> float:
    """Return the seconds since a file was written to; 0 where it is gone."""
    with contextlib.suppress(OSError):
        return time.time() - path.lstat().st_mtime
    return 0.0


def _held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return True
    try:
        return not take(handle)
    finally:
        os.close(handle)


def _can_lock() -> bool:
    try:
        import fcntl  # noqa: F401
    except ImportError:
        return False
    return True
