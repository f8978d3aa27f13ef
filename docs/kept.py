"""What the pages that run have made, kept in build/documents until something changes that it depends on."""

import hashlib
import importlib.metadata
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "documents"
RUNNERS = ("inline.py", "notebooks.py")
"""What runs pages."""


def kept(name: str, text: str, make: Callable[[Path], None]) -> Path:
    """Return a folder with the files that ``make(folder)`` writes; it runs only where ``text``, the code or a package is new.

    The folder of an earlier build that is out of date is removed. An error of ``make`` leaves nothing behind.
    """
    digest = hashlib.sha256(f"{surroundings()}\0{text}".encode()).hexdigest()[:16]
    place = FOLDER / f"{name}-{digest}"
    if place.is_dir():
        return place
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as parent:
        made = Path(parent, name)
        made.mkdir()
        make(made)
        for old in FOLDER.glob(f"{name}-{'?' * 16}"):
            shutil.rmtree(old)
        made.rename(place)
    return place


@cache
def surroundings() -> str:
    """Return a digest of all that decides what a page prints besides its text: code, Python and installed packages."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted([*(ROOT / "src" / "gantlet").rglob("*"), *(ROOT / "docs" / name for name in RUNNERS)]):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    installed = {f"{found.name}=={found.version}" for found in importlib.metadata.distributions()}
    digest.update("\0".join(sorted(installed)).encode())
    return digest.hexdigest()
