"""Kills: SIGKILL at random moments and at random write points of every command that writes; then the same command again.

Held: after the kill every file that is there is whole; the same command ends with status 0 and the files of an undisturbed
run, bit for bit but for times; and no unfinished file of more than a minute's age is left.
"""

import os
import shutil
from pathlib import Path
from random import Random
from typing import Any

from .commands import COMMANDS, prepared, undisturbed
from .forked import Ended, in_child
from .points import watching
from .whole import tree, unfinished


def tasks(kills: int) -> list[dict[str, Any]]:
    """Return the kills, spread over the commands; half by the clock, half at a write point."""
    names = list(COMMANDS)
    return [{"command": names[i % len(names)], "round": i // len(names)} for i in range(kills)]


def measure(command: str, round: int, place: Path) -> dict[str, Any]:
    """Kill one command once, run it again, and say whether all held."""
    rng = Random(f"{command} {round}")
    files, seconds, printed = undisturbed(command, place)
    folder = place / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(prepared(place), folder, symlinks=True)
    work, moment = COMMANDS[command].work(folder), ""
    if round % 2:
        after = rng.uniform(0.02, seconds)
        ended, moment = in_child(work, kill_after=after), f"{after:.2f} of {seconds:.2f} s"
    else:
        seen = place / "points"
        in_child(watching(work, folder, report=str(seen)), limit=120)
        points = seen.read_text().splitlines()
        shutil.rmtree(folder)
        shutil.copytree(prepared(place), folder, symlinks=True)
        at = rng.randrange(len(points))
        ended, moment = (
            in_child(watching(work, folder, at, -2), limit=120),
            f"point {at} of {len(points)}: {points[at]}",
        )
    faults = _broken(folder)
    for path in unfinished(folder):
        os.utime(path, (0, 0), follow_symlinks=False)
    again = COMMANDS[command].run(folder)
    faults += differs(again, folder, files, printed)
    return {"moment": moment, "killed": ended.status == -9, "held": not faults, "faults": faults}


def _broken(folder: Path) -> list[str]:
    try:
        tree(folder)
    except Exception as error:  # noqa: BLE001
        return [f"after the kill: {type(error).__name__}: {error}"[:300]]
    return []


def differs(again: Ended, folder: Path, files: dict[str, str], printed: str) -> list[str]:
    """Return what is wrong after the second run."""
    there = again.status == 1 and "exists already" in again.err
    if again.status != 0 and not there:
        return [f"again: status {again.status}: {again.err[-300:]}"]
    try:
        now = tree(folder)
    except Exception as error:  # noqa: BLE001
        return [f"after the second run: {type(error).__name__}: {error}"[:300]]
    wrong = [f"again: {path} differs" for path in sorted(files) if now.get(path) != files[path] and path in now]
    # a part of the cache that the second run had no need of: thumbnails are made only where the findings are not cached
    needless = "cache/" if there else "cache/thumbnails/"
    missing = (path for path in sorted(set(files) - set(now)) if not path.startswith(needless))
    wrong += [f"again: {path} is missing" for path in missing]
    wrong += [f"again: {path} is left over" for path in sorted(set(now) - set(files))]
    wrong += [f"unfinished: {path.relative_to(folder)}" for path in unfinished(folder)]
    if printed and again.out != printed:
        wrong.append("again: another result is printed")
    return wrong[:6]
