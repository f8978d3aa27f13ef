"""Folders that results are written into: no link inside leads elsewhere, and nobody else's file is replaced."""

import contextlib
import hashlib
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from gantlet.core.errors import DataError, OutputError, UnreadableFile
from gantlet.core.files import TEXT, lies_below, read_bytes, write_bytes, write_text

SUBFOLDERS = ("checkpoints", "samples", "pictures")
"""The folders that a training and an evaluation write inside their own."""


@dataclass(frozen=True)
class Kind:
    """A kind of result on the disk: its JSON file, words that every such file holds, and the files beside it (patterns)."""

    file: str
    words: tuple[str, ...]
    beside: tuple[str, ...]

    @property
    def folders(self) -> set[str]:
        """Return the sub-folders that such a result writes into."""
        return {pattern.partition("/")[0] for pattern in self.beside if "/" in pattern}

    def is_ours(self, content: bytes) -> bool:
        """Return whether a file's content is such a result, be it damaged."""
        return content.lstrip()[:1] == b"{" and all(f'"{word}"'.encode() in content for word in self.words)


PICTURES = "pictures"
_PICTURE = re.compile(r"[a-z0-9-]+-(?P<digest>[0-9a-f]{12})\.png")
REPORT = Kind("report.json", ("estimates", "schema"), ("report.html", f"{PICTURES}/*-{'[0-9a-f]' * 12}.png"))
COMPARISON = Kind("comparison.json", ("differences", "left_out"), ("comparison.html",))
LEADERBOARD = Kind("leaderboard.json", ("standings", "pairs"), ("leaderboard.html",))
RUNS = Kind("runs.json", ("estimates", "runs", "left_out"), ("runs.html",))
METHODS = Kind("methods.json", ("differences", "left_out"), ("methods.html",))
TOURNAMENT = Kind("tournament.json", ("contenders", "pairs"), ("tournament.html",))
TRANSPORT = Kind("transport.json", ("certificate_lower", "method"), ("transport.html", "transport.png"))
AUDIT = Kind("audit.json", ("curves", "failures"), ("audit.png", "audit-space-*.png"))


def of_lab(name: str) -> Kind:
    """Return the kind of a lab's results."""
    return Kind(f"{name}.json", ("claim", "tolerance"), (f"{name}.png", f"{name}-*.png"))


def require_ours(out: Path, kind: Kind) -> None:
    """Raise OutputError unless a result may be written into a folder, which need not exist.

    Its sub-folders lie in it, and a file that would be replaced is of an earlier result, of a run, or of one that was killed.
    """
    require_inside(out, *kind.folders)
    path = out / kind.file
    try:
        if os.path.lexists(path):
            strange = [] if kind.is_ours(read_bytes(path, TEXT)) else [path]
        elif _unfinished(out, kind).is_file() or _is_run(out):
            strange = []
        else:
            strange = [found for pattern in kind.beside for found in sorted(out.glob(pattern))]
    except UnreadableFile:
        strange = [path]
    if strange:
        raise OutputError(
            f"{strange[0]} is of no gantlet result, and would be replaced; choose another folder with --out, or move it away"
        )


@contextlib.contextmanager
def writing_result(out: Path, kind: Kind) -> Iterator[None]:
    """Write a result inside the block; what a killed process leaves of it is known as ours. Raises OutputError as `require_ours`."""
    require_ours(out, kind)
    mark = _unfinished(out, kind)
    write_text(mark, "")
    try:
        yield
    except BaseException:
        if not any(True for pattern in kind.beside for _ in out.glob(pattern)):
            mark.unlink(missing_ok=True)
        raise
    mark.unlink(missing_ok=True)


def write_picture(out: Path, name: str, png: bytes) -> str:
    """Write a report's picture under a name that holds 12 digits of its SHA-256; return that name, relative to ``out``.

    So no picture of an earlier report is replaced before the new report names others, and one that was changed since is noticed.
    """
    file = f"{PICTURES}/{name}-{_digest(png)}.png"
    write_bytes(out / file, png)
    return file


def require_unchanged(name: str, content: bytes) -> None:
    """Raise DataError when a picture's content is not that whose digest its name holds; earlier reports' names hold none."""
    found = _PICTURE.fullmatch(name.rpartition("/")[2])
    if found and found["digest"] != _digest(content):
        raise DataError(f"the picture {name!r} was damaged or changed after it was written; evaluate again")


def remove_pictures(out: Path, keep: Collection[str]) -> None:
    """Remove a report's pictures that no report names any more: its own alone, whose names hold their content's digest."""
    for path in sorted((out / PICTURES).glob("*.png")):
        found = _PICTURE.fullmatch(path.name)
        if not found or f"{PICTURES}/{path.name}" in keep or path.is_symlink() or not lies_below(path, out):
            continue
        if found["digest"] == _digest(read_bytes(path, TEXT)):
            path.unlink(missing_ok=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def require_inside(folder: Path, *names: str, deep: bool = False) -> None:
    """Raise OutputError when a sub-folder is a file, or it (deep: or anything in it) a link that leads out of the folder."""
    for name in names:
        place = folder / name
        if os.path.lexists(place) and not place.is_symlink() and not place.is_dir():
            raise OutputError(
                f"{place} is a file, where a folder is written; choose another folder with --out, or move it away"
            )
        inner = (Path(here) / entry for here, *found in os.walk(place) for part in found for entry in part)
        for path in (place, *(inner if deep else ())):
            if not _is_within(path, folder):
                raise OutputError(
                    f"{path} is a link that leads out of {folder}, and nothing is written there; remove the link, or choose "
                    "another folder with --out"
                )


def _is_within(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links
        return False


def _unfinished(out: Path, kind: Kind) -> Path:
    return out / f".{kind.file}.unfinished"


def _is_run(out: Path) -> bool:
    return (out / "config.toml").is_file() and (out / "checkpoints").is_dir()
