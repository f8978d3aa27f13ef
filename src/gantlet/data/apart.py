"""Results are written apart from the images that are read: else the next reading would take pictures for images."""

from collections.abc import Iterator
from pathlib import Path

from gantlet.core.errors import GantletError, OutputError
from gantlet.core.output import SUBFOLDERS
from gantlet.core.trust import SOURCE_OPTIONS
from gantlet.data.opening import resolve_source


def require_apart(out: Path, *sources: str) -> None:
    """Raise OutputError when results would be written into a folder of images that one of the source strings names."""
    places = [place.resolve() for place in (out, *(out / name for name in SUBFOLDERS))]
    for source in filter(None, sources):
        for folder in image_folders(source):
            if any(place.is_relative_to(folder.resolve()) for place in places):
                raise OutputError(
                    f"the result would be written into {out}, which is or lies in {folder}, and the images there are read: its "
                    "pictures would count as images next time; choose another folder with --out"
                )


def image_folders(source: str) -> Iterator[Path]:
    """Yield the folders of images that a source string names, in sources inside it too."""
    try:
        kind, options = resolve_source(source)
    except GantletError:  # said where it is opened
        return
    if kind in ("folder", "image-pairs") and "path" in options:
        yield Path(options["path"])
    for key in SOURCE_OPTIONS:
        if key in options:
            yield from image_folders(options[key])
