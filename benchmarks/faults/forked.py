"""Work in a forked child: heavy modules are imported once, in the parent, and what happens to a child ends with it."""

import contextlib
import importlib
import io
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "COLUMNS": "200"}
UNHANDLED = 70
"""Exit status of a child that an exception ended."""


@dataclass(frozen=True)
class Ended:
    """How a child ended; ``status`` is negative for a signal."""

    status: int
    out: str
    err: str
    seconds: float
    hung: bool

    @property
    def traceback(self) -> bool:
        """Return whether a traceback was printed."""
        return "Traceback (most recent call last)" in self.err + self.out

    @property
    def sentences(self) -> list[str]:
        """Return the lines of stderr that state an error."""
        return [
            line
            for line in self.err.splitlines()
            if line.startswith("gantlet: ") and not line.startswith("gantlet: warning")
        ]


def in_child(work: Callable[[], int], *, limit: float = 60, kill_after: float = 0, memory: int = 0) -> Ended:
    """Run ``work`` in a forked child whose exit status is what it returns.

    Args: limit: seconds until it counts as hung and is killed; kill_after: seconds until SIGKILL on purpose (0: none);
    memory: bytes of address space beyond what the parent has (0: no limit).
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        child = os.fork()
        if not child:
            _be_the_child(work, out.fileno(), err.fileno(), memory)
        deadline = started + (kill_after or limit)
        status = _wait(child, deadline)
        hung = status is None and not kill_after
        if status is None:
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return Ended(os.waitstatus_to_exitcode(status), texts[0], texts[1], time.monotonic() - started, hung)


def _wait(child: int, deadline: float) -> int | None:
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.002)
    return None


def _be_the_child(work: Callable[[], int], out: int, err: int, memory: int) -> None:
    status = UNHANDLED
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False))
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), errors="backslashreplace")
        if memory:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
        status = work()
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(status)


def command(words: Sequence[str], folder: Path) -> Callable[[], int]:
    """Return the work of one command line in a folder, with a cache and a folder for temporary files of its own."""

    def work() -> int:
        from gantlet.cli import main

        (folder / "tmp").mkdir(exist_ok=True)
        os.environ |= {"GANTLET_CACHE": "cache", "TMPDIR": str(folder / "tmp")}
        tempfile.tempdir = None
        os.chdir(folder)
        return main(list(words))

    return work


def warm(work: Callable[[], int]) -> None:
    """Import here all modules that ``work`` imports in a child."""

    def names() -> int:
        status = work()
        sys.stdout.write("\n".join(["\f", *sorted(sys.modules)]))
        return status

    ended = in_child(names, limit=300)
    assert ended.status == 0, ended.err
    for name in ended.out.rpartition("\f")[2].split():
        if name != "__main__" and name not in sys.modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
