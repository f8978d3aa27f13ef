"""A statistics file as a source: it stands for images that are no longer here."""

import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from gantlet.core.errors import DataError
from gantlet.core.files import sha256
from gantlet.data import SOURCES
from gantlet.data.source import ImageSource


@SOURCES.register(
    "statistics", source="gantlet's own; mu and sigma as in pytorch-fid's and clean-fid's .npz", images=False
)
def statistics(path: str) -> ImageSource:
    """Moments of features instead of images: a file of `gantlet stats make`, or a published .npz with mu and sigma.

    Metrics that need no more than moments or mean class probabilities work (the Fréchet distances, Inception Score,
    Mode Score); the others say why they do not.

    Args: path: the file.
    Raises: DataError when there is no such file.
    """
    if not Path(path).is_file():
        raise DataError(f"there is no statistics file {path!r}; check the path")

    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        raise DataError(f"{path} holds statistics, no image {i}")

    return ImageSource(spec=path, names=[], read=read, digest=sha256(Path(path)), statistics=path)


def holds_moments(path: str) -> bool:
    """Return whether a file is an .npz of mu and sigma."""
    try:
        with zipfile.ZipFile(path) as file:
            return {"mu.npy", "sigma.npy"} <= set(file.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
