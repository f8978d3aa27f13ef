"""A statistics file as a source: it replaces images that are absent."""

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from gantlet.core.errors import DataError
from gantlet.core.files import sha256
from gantlet.data import SOURCES
from gantlet.data.source import Kind


@dataclass(frozen=True)
class StatisticsSource:
    """A file of moments in place of absent images, so it has no names, labels or images."""

    spec: str
    """The path."""
    digest: str
    kind: ClassVar[Kind] = "statistics"
    least: ClassVar[int] = 0
    names: ClassVar[tuple[str, ...]] = ()
    labels: ClassVar[None] = None
    classes: ClassVar[tuple[str, ...]] = ()
    held_out: ClassVar[str] = ""
    notes: ClassVar[tuple[str, ...]] = ()
    remarks: ClassVar[tuple[str, ...]] = ()
    formats: ClassVar[tuple[str, ...]] = ()
    latents: ClassVar[None] = None
    modes: ClassVar[None] = None
    decode: ClassVar[None] = None
    first_shape: ClassVar[None] = None

    def __len__(self) -> int:
        return 0

    @property
    def described(self) -> str:
        """Return its content in words."""
        return "images"


@SOURCES.register(
    "statistics", source="gantlet's own; mu and sigma as in pytorch-fid's and clean-fid's .npz", images=False
)
def statistics(path: str) -> StatisticsSource:
    """Moments of features instead of images: a file of `gantlet stats make`, or a published .npz with mu and sigma.

    Metrics that need only moments or mean class probabilities work (the Fréchet distances, Inception Score,
    Mode Score); the others report why they do not.

    Args: path: the file.
    Raises: DataError when there is no such file.
    """
    if not Path(path).is_file():
        raise DataError(f"there is no statistics file {path!r}; check the path")

    return StatisticsSource(path, sha256(Path(path)))


def holds_moments(path: str) -> bool:
    """Return whether a file is an .npz with mu and sigma."""
    try:
        with zipfile.ZipFile(path) as file:
            return {"mu.npy", "sigma.npy"} <= set(file.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        return False
