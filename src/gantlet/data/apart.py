"""Results are written apart from the images that are read: else the next reading would take pictures for images."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gantlet.core.config import TrainConfig
from gantlet.core.errors import DataError, GantletError, OutputError, UsageError
from gantlet.core.files import cache_folder, lies_below
from gantlet.core.output import SUBFOLDERS
from gantlet.core.specs import parse_spec
from gantlet.core.trust import SOURCE_OPTIONS
from gantlet.data.opening import resolve_source


def require_apart(out: Path, *sources: str) -> None:
    """Raise OutputError when results would be written into a folder of images that one of the source strings names."""
    _require_outside(out, (folder for source in filter(None, sources) for folder in image_folders(source)))


def require_apart_from_training(out: Path, run: Path) -> None:
    """Raise OutputError when images would be written into the folder that a run was trained on.

    What its config.toml says is taken as a path alone, and never opened.
    """
    path = run / "config.toml"
    if lies_below(path, run):
        with contextlib.suppress(UsageError, DataError):
            name, options = parse_spec(TrainConfig.from_toml(path).data)
            _require_outside(out, filter(Path.is_dir, [Path(options.get("path", name))]))


def _require_outside(out: Path, folders: Iterable[Path]) -> None:
    if folder := _around([out, *(out / name for name in SUBFOLDERS)], folders):
        raise OutputError(
            f"the result would be written into {out}, which is or lies in {folder}, and the images there are read: its "
            "pictures would count as images next time; choose another folder with --out"
        )


def require_cache_apart(*sources: str) -> None:
    """Raise OutputError when the cache lies in a folder of images that one of the source strings names."""
    if folder := _around(
        [cache_folder()], (folder for source in filter(None, sources) for folder in image_folders(source))
    ):
        raise OutputError(
            f"the cache is {cache_folder()}, which is or lies in {folder}, and the images there are read; set GANTLET_CACHE to "
            "another folder, or add --no-cache"
        )


def _around(places: Sequence[Path], folders: Iterable[Path]) -> Path | None:
    """Return the folder of images that one of the places lies in; raises OutputError for a loop of links."""
    resolved = []
    for place in places:
        try:
            resolved.append(place.resolve())
        except (OSError, RuntimeError) as error:
            raise OutputError(
                f"{place} is a link that leads back to itself; choose another folder with --out"
            ) from error
    for folder in folders:
        with contextlib.suppress(OSError, RuntimeError):  # a loop of links is said where it is opened
            if any(place.is_relative_to(folder.resolve()) for place in resolved):
                return folder
    return None


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
