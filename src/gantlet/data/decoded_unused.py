"""Decoded images that no training has read for a long time: they are removed when others are decoded."""

import contextlib
import os
import time
from pathlib import Path

from gantlet.core.locks import take
from gantlet.core.words import counted

DAYS = 30
"""A set that was not read for so many days is removed."""
SUFFIXES = (".json", ".pixels", ".unfinished", ".unfinished.jsonl")
"""The files of one set, beside its lock; `used` marks the first."""


def used(facts: Path) -> None:
    """Mark a set as read now, where the disk lets us."""
    with contextlib.suppress(OSError):
        os.utime(facts)


def remove_unused(folder: Path, but: Path) -> str:
    """Remove the sets of a folder that were not read, or not worked on, for `DAYS` days; return what was done in a sentence, or ''.

    A set is left alone while another process holds its lock; ``but``: the lock of the caller's own. Its lock stays, which is empty. A training
    that maps such a file keeps it until it ends.
    """
    limit, sets, size = time.time() - DAYS * 86_400, 0, 0
    for lock in sorted(folder.glob("*.lock")):
        files = [path for suffix in SUFFIXES if (path := lock.with_suffix(suffix)).exists()]
        if lock == but or not files:
            continue
        with contextlib.suppress(OSError), lock.open("r+b") as handle:
            if not take(handle.fileno()) or max(path.stat().st_mtime for path in files) >= limit:
                continue
            freed = sum(path.stat().st_size for path in files)
            for path in files:  # the facts first: without them the pixels are no set
                path.unlink()
            sets, size = sets + 1, size + freed
    if not sets:
        return ""
    return f"removed {counted(sets, 'decoded data set')} from {folder} ({size / 1e6:,.0f} MB) that no training had read for {DAYS} days"
