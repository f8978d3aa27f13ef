"""Configurations that this user's own gantlet wrote: what they name is what the user typed, also when it is read back.

The SHA-256 of each is kept as the name of an empty file, in a folder that nobody else can write into. Nobody can make a file that
counts as the user's own but one that says, byte for byte, what the user's own training wrote.
"""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from gantlet.core.errors import GantletError
from gantlet.core.files import TEXT, read_bytes
from gantlet.core.words import counted


def state_folder() -> Path:
    """Return the folder of what gantlet remembers between commands: ``GANTLET_STATE``, or the system's place for a user's state."""
    import platformdirs

    return Path(os.environ.get("GANTLET_STATE") or platformdirs.user_state_dir("gantlet"))


def remember(file: Path) -> None:
    """Remember a file as it is now; where that cannot be kept it counts as anybody's, and needs --trust later."""
    with contextlib.suppress(OSError):
        folder = state_folder() / "own"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _digest(file.read_bytes())).touch(mode=0o600)


def is_own(file: Path) -> bool:
    """Return whether a file is, byte for byte, one that was remembered."""
    folder = state_folder() / "own"
    try:
        return _is_mine(folder) and (folder / _digest(read_bytes(file, TEXT))).is_file()
    except (OSError, GantletError):
        return False


def remembered() -> str:
    """Return how many files are remembered, in words."""
    folder = state_folder() / "own"
    try:
        if not _is_mine(folder):
            return f"nothing: others can write into {folder}, so that it counts for nothing (chmod 700)"
        return counted(sum(1 for _ in folder.iterdir()), "configuration")
    except OSError:
        return counted(0, "configuration")


def _is_mine(folder: Path) -> bool:
    kept = folder.lstat()
    return (
        stat.S_ISDIR(kept.st_mode) and kept.st_uid == os.getuid() and not kept.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
