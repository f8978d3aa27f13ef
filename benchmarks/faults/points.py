"""Write points: every open for writing, write, fsync, rename, mkdir and chmod of this process below a folder, counted and made to fail.

Opens, renames and the like are seen by Python's audit hooks, writes by files of our own class, fsync by a function in its
place. What a library writes without Python (safetensors' save_file, an array's tofile) is one open and no write; a small
file system stands for these (see write_points.py).
"""

import builtins
import errno
import io
import os
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CALLS = ("os.rename", "os.mkdir", "os.chmod", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink")


class Points:
    """Counts the write points below ``root`` from now on; point number ``at`` fails with ``error``, or kills the process.

    Kinds of failure: a number of errno; -1: SIGKILL before it; -2: SIGKILL after half of a write (before it otherwise).
    """

    def __init__(self, root: Path, at: int = -1, error: int = 0) -> None:
        self.root, self.at, self.error = f"{root.resolve()}/", at, error
        self.seen: list[str] = []
        self._fsync = os.fsync
        self._open = io.open
        io.open = builtins.open = self._opened  # type: ignore[assignment]
        os.fsync = self._synced  # type: ignore[assignment]
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(path, int) and flags & WRITES:
                self.point("open", path)
        elif event in CALLS and not isinstance(arguments[0], int):
            self.point(event.removeprefix("os."), arguments[1] if event == "os.rename" else arguments[0])

    def point(self, kind: str, path: Any, half: Any = None) -> None:
        """Count a point, and fail at the one that is to fail; ``half`` does half of it first."""
        name = os.path.abspath(os.fsdecode(path)) if not isinstance(path, int) else os.readlink(f"/proc/self/fd/{path}")
        if not name.startswith(self.root) or name.endswith(".pyc"):
            return
        self.seen.append(f"{kind} {general(name.removeprefix(self.root))}")
        if len(self.seen) - 1 != self.at:
            return
        if half is not None and self.error != -1:
            half()
        if self.error < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(self.error, os.strerror(self.error), name)

    def _synced(self, handle: Any) -> None:
        self.point("fsync", handle if isinstance(handle, int) else handle.fileno())
        self._fsync(handle)

    def _opened(self, file: Any, mode: str = "r", buffering: int = -1, *text: Any, **named: Any) -> Any:
        if not set(mode) & set("wax+") or isinstance(file, int) or not self._inside(file):
            return self._open(file, mode, buffering, *text, **named)
        raw = Watched(file, mode.replace("b", "").replace("t", ""), opener=named.pop("opener", None))
        raw.points = self
        if buffering == 0:
            return raw
        buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *text, **named)

    def _inside(self, file: Any) -> bool:
        return os.path.abspath(os.fsdecode(file)).startswith(self.root)


class Watched(io.FileIO):
    """A file whose writes are points."""

    points: Points

    def write(self, data: Any) -> int:
        """Write, unless this is the point that fails: then only half of it."""
        self.points.point("write", self.name, lambda: io.FileIO.write(self, bytes(data)[: len(bytes(data)) // 2]))
        return super().write(data)


def general(name: str) -> str:
    """Return a path without numbers, digests and the random part of an unfinished file's name."""
    name = re.sub(r"\.[A-Za-z0-9_]{8}(?=\.gantlet-part)", "", name)
    name = re.sub(r"pictures/(\.?)[^/]+\.png", r"pictures/\1#.png", name)
    return re.sub(r"\d+", "#", re.sub(r"[0-9a-f]{40}", "#", re.sub(r"(tmp/)[^/]+", r"\1#", name)))


ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO}


def watching(work: Any, folder: Path, at: int = -1, error: int = 0, report: str = "") -> Any:
    """Return the work with its write points watched from its begin; ``report``: a file for the list of the points."""

    def watched() -> int:
        tempfile.tempdir = None
        points = Points(folder, at, error)
        try:
            return int(work())
        finally:
            if report:
                points.at = -1
                with points._open(report, "w") as file:
                    file.write("\n".join(points.seen))

    return watched
