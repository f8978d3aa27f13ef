"""Write points: each kind of write that a command makes fails once, with a full disk, with an input/output error; and a small real disk.

Held: status 1 with one sentence, or status 0 (with a warning where something was not kept); no traceback; every file that
was there before is the old or the whole new one; nothing is half or left over; the command works when it is repeated.
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .commands import COMMANDS, prepared, undisturbed
from .forked import Ended, in_child
from .kills import differs
from .points import ERRORS, watching
from .whole import tree, unfinished

SKIPPED = ("remove", "rmdir")
"""Failures to clean up are no part of the campaign; neither is what TensorBoard writes."""
OFTEN = ("write", "fsync", "rename")
"""Points that also fail with an input/output error."""
SPARE = (0, 8, 64, 300, 1000)
"""Kilobytes that are left on the small disk."""


def tasks(place: Path) -> list[dict[str, Any]]:
    """Return each kind of write point of each command with each error, and each small disk."""
    listed: list[dict[str, Any]] = []
    known_points: set[str] = set()
    for name, known in COMMANDS.items():
        first: dict[str, int] = {}
        for number, point in enumerate(_points(name, place)):
            if point.split()[0] not in SKIPPED and not re.search("tfevents| tmp", point):
                first.setdefault(point, number)
        if known.words[:1] in (("train",), ("quickstart",)):  # the same code: each point once
            first = {point: at for point, at in first.items() if point.replace("half/", "new/") not in known_points}
            known_points |= set(first)
        listed += [
            {"command": name, "point": point, "at": at, "error": error}
            for point, at in first.items()
            for error in ERRORS
            if error == "ENOSPC" or point.split()[0] in OFTEN
        ]
        listed += [{"command": name, "point": "disk", "at": spare, "error": "ENOSPC"} for spare in SPARE if known.words]
    return listed


def _points(name: str, place: Path) -> list[str]:
    kept = place / f"points-{name.replace(' ', '-')}"
    if not kept.exists():
        folder = _fresh(place)
        in_child(watching(COMMANDS[name].work(folder), folder, report=str(kept)), limit=120)
    return kept.read_text().splitlines()


def _fresh(place: Path) -> Path:
    folder = place / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(prepared(place), folder, symlinks=True)
    return folder


def measure(command: str, point: str, at: int, error: str, place: Path) -> dict[str, Any]:
    """Let one write fail and say whether all held."""
    if point == "disk":
        with _small_disk(place, at) as folder:
            ended = in_child(COMMANDS[command].work(folder), limit=120)
            faults = _judged(ended, _complete(folder, command, place)) + _files(folder, prepared(place), command, place)
        return {"status": ended.status, "said": _said(ended), "held": not faults, "faults": faults}
    folder = _fresh(place)
    ended = in_child(watching(COMMANDS[command].work(folder), folder, at, ERRORS[error]), limit=120)
    faults = _judged(ended, _complete(folder, command, place)) + _files(folder, prepared(place), command, place)
    files, _, printed = undisturbed(command, place)
    faults += differs(COMMANDS[command].run(folder), folder, files, printed)
    return {"status": ended.status, "said": _said(ended), "held": not faults, "faults": faults}


def _said(ended: Ended) -> str:
    lines = [line for line in ended.err.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def _judged(ended: Ended, complete: bool) -> list[str]:
    """Return what is wrong with the end of a command whose write failed; ``complete``: all files of an undisturbed run are there."""
    wrong = []
    if ended.hung:
        wrong.append("hung")
    if ended.traceback or ended.status not in (0, 1):
        wrong.append(f"status {ended.status}: {ended.err[-400:]}")
    elif ended.status == 0 and not complete and "warning" not in ended.err and "not cached" not in ended.out:
        wrong.append("status 0, files are missing, and nothing was said")
    elif ended.status == 1 and len(ended.sentences) != 1:
        wrong.append(f"{len(ended.sentences)} sentences: {ended.err[-300:]}")
    elif ended.status == 1 and "intact" not in ended.err and "cannot" not in ended.err:
        wrong.append(f"the sentence does not say what could not be written: {ended.err[-300:]}")
    return wrong


def _complete(folder: Path, name: str, place: Path) -> bool:
    return all((folder / path).exists() for path in undisturbed(name, place)[0])


def _is_new(page: str, now: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    """Return whether the report.json beside a page is that of the undisturbed run."""
    report = page.removesuffix(".html") + ".json"
    return report in now and now[report] == whole.get(report)


def _files(folder: Path, base: Path, name: str, place: Path) -> list[str]:
    """Return what is wrong with the files: each is an old one or one of the undisturbed run.

    The page of a report may be missing, where report.json is the new one: `gantlet report` makes it from that.
    """
    try:
        now = tree(folder)
    except Exception as error:  # noqa: BLE001
        return [f"half a file: {type(error).__name__}: {error}"[:300]]
    before, whole = tree(base), undisturbed(name, place)[0]
    lost = [path for path in sorted(set(before) - set(now)) if path in whole]
    made_anew = {path for path in lost if path.endswith("report.html") and _is_new(path, now, whole)}
    wrong = [f"lost: {path}" for path in lost if path not in made_anew]
    wrong += [f"unfinished: {path.relative_to(folder)}" for path in unfinished(folder)]
    known = ("events.jsonl",)  # grows line by line
    wrong += [
        f"changed: {path}"
        for path in sorted(now)
        if path in before and now[path] not in (before[path], whole.get(path)) and not path.endswith(known)
    ]
    return wrong[:5]


@contextlib.contextmanager
def _small_disk(place: Path, spare: int) -> Iterator[Path]:
    """Yield a copy of the prepared folder on a file system of its own with ``spare`` kilobytes left (needs the right to mount)."""
    disk = place / "disk"
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "gantlet-faults", str(disk)], check=True)
    try:
        folder = disk / "trial"
        shutil.copytree(prepared(place), folder, symlinks=True)
        (folder / "tmp").mkdir(exist_ok=True)
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        with (disk / "filler").open("wb") as file:
            file.write(bytes(max(0, free - spare * 1024)))
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
