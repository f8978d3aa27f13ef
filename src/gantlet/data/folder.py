"""A folder of image files; class sub-folders become labels."""

import os
from pathlib import Path

from gantlet.core.errors import DataError
from gantlet.data import SOURCES
from gantlet.data.collection import Choices, collect
from gantlet.data.decode import image_file
from gantlet.data.source import ImageSource


@SOURCES.register("folder", source="ImageFolder convention: one sub-folder per class")
def folder(
    path: str, labels: str = "auto", split: str = "", background: str = "white", *, frames: str = "", bits: int = 0
) -> ImageSource:
    """Image files in a folder and its sub-folders; class sub-folders become labels.

    Order: natural (img2 before img10) by relative path. Files without an image suffix, hidden and system files are
    ignored, with a note; links to folders are followed, and each folder is read once, so loops end.

    Args: path: the folder; labels: auto (from sub-folders where every image is in one of at least two, unless they look
    like parts, clips, dates or resolutions, or are more than ten and more than one for ten images), dirs (required),
    none; split: a top-level folder (train, test …) to read alone, or all; background: white or black, behind transparent
    pixels; frames: of files that hold several, all (as file.gif#3) or frame k of each, counted from 0 (empty: the first);
    bits: how many of its 16 bits a gray PNG or TIFF uses, 8 to 16 (0: 16, and a note where values never exceed 8, 10 or 12).
    Raises: DataError when it is missing, has no images, or holds several splits and none was chosen; when a file lacks
    frame k.
    """
    root = Path(path)
    if not root.is_dir():
        raise DataError(f"{path!r} is not a folder; give the path of a folder with images")
    _refuse_other_kinds(root)

    def load(name: str) -> bytes:
        return image_file(root / name)

    return collect(path, _files(root), load, Choices(labels, split, background, frames, bits))


def _refuse_other_kinds(root: Path) -> None:
    if (root / "config.toml").is_file() and (root / "checkpoints").is_dir():
        raise DataError(f"{root} is a run folder, not a folder of images; to sample its generator write run:{root}")
    if any(root.glob("train-images*idx3-ubyte*")):
        raise DataError(f"{root} holds MNIST's idx files; write mnist[root={root}]")


def _files(root: Path) -> list[str]:
    """Return every file below ``root`` as a relative path with /, visiting each real folder once."""
    paths: list[str] = []
    visited: set[str] = set()
    for here, folders, files in os.walk(root, followlinks=True):
        folders.sort()
        real = os.path.realpath(here)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        prefix = Path(here).relative_to(root).as_posix()
        paths += [name if prefix == "." else f"{prefix}/{name}" for name in files]
    return paths
