"""Helpers of folders and archives: select the image files, their order and their classes."""

import contextlib
import hashlib
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.files import SYSTEM_FILES
from gantlet.core.output import REPORT
from gantlet.core.specs import format_spec
from gantlet.core.visible import in_unicode
from gantlet.data.decode import BACKGROUNDS, Undecodable, decode
from gantlet.data.source import ImageSource

SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "dib", "tif", "tiff", "webp", "avif"),
        *("ppm", "pgm", "pbm", "pnm", "jp2", "j2k", "tga"),
    )
)
_MAY_BE_TRANSPARENT = (".png", ".gif", ".webp", ".tif", ".tiff", ".avif", ".tga", ".jp2")
SPLITS = ("train", "test", "val", "valid", "validation")


@dataclass(frozen=True)
class Choices:
    """The options of folder and zip.

    ``labels``: auto, dirs or none; ``split``: a top-level folder or all; ``background``: white or black.
    """

    labels: str = "auto"
    split: str = ""
    background: str = "white"

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("labels", self.labels, ("auto", "dirs", "none")),
            ("background", self.background, tuple(BACKGROUNDS)),
        ):
            if value not in allowed:
                raise ConfigError(f"option {name!r} must be one of {', '.join(allowed)}; got {value!r}")

    def spec(self, where: str, **changed: str) -> str:
        """Return the source string with all non-default options."""
        values = {**vars(self), **changed}
        return format_spec(where, {k: v for k, v in values.items() if v != getattr(Choices, k)})


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return a sort key that puts img2 before img10."""
    parts = [part for part in re.split(r"(\d+)", name) if part]
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in parts], name


def collect(where: str, files: Sequence[str], load: Callable[[str], bytes], choices: Choices) -> ImageSource:
    """Open the image files among ``files`` (relative paths with /) as one source, in natural order.

    Args: load: returns one file's bytes, may be called from several threads, raises Undecodable.
    Raises: DataError when there is no image, when required labels are missing, or when a split must be chosen.
    """
    images, notes = _images(where, files, load)
    images, held_out = _one_split(where, images, choices)
    images.sort(key=natural)
    labels, classes, note = _labels(where, images, choices.labels)
    background = BACKGROUNDS[choices.background]
    if any(name.lower().endswith(_MAY_BE_TRANSPARENT) for name in images):
        notes.append(f"transparent pixels, if any, are composited on {choices.background}")

    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        return decode(load(images[i]), background)

    return ImageSource(
        spec=choices.spec(where),
        names=images,
        read=read,
        digest=_digest(images, load, background),
        labels=labels,
        classes=classes,
        held_out=held_out,
        notes=tuple(notes + ([note] if note else [])),
    )


def _images(where: str, files: Sequence[str], load: Callable[[str], bytes]) -> tuple[list[str], list[str]]:
    results = _results(files, load)
    ours = {name for name in files if results and not results.isdisjoint(_folders(name))}
    visible = [name for name in files if name not in ours and not _hidden(name)]
    images = [name for name in visible if _suffix(name) in SUFFIXES]
    others = sorted(set(visible) - set(images), key=natural)
    if not images:
        content = f"{len(files)} files ({_some(sorted(files, key=natural))})" if files else "no files at all"
        raise DataError(f"{where} holds no images: found {content}; expected files such as .png or .jpg")
    notes = []
    if others:
        notes.append(f"ignored {len(others)} files without an image suffix: {_some(others)}")
    if ours:
        notes.append(
            f"ignored {len(ours)} files of gantlet's own reports and runs: {_some(sorted(results, key=natural))}"
        )
    hidden = sorted(set(files) - set(visible) - ours, key=natural)
    if hidden:
        notes.append(f"ignored {len(hidden)} hidden or system files: {_some(hidden)}")
    return images, notes


def _folders(name: str) -> list[str]:
    """Return all folders around a file, each with / at its end."""
    return [name[: i + 1] for i, character in enumerate(name) if character == "/"]


def _results(files: Sequence[str], load: Callable[[str], bytes]) -> set[str]:
    """Return the folders of pictures of gantlet's own reports, and its run folders, each with / at its end."""
    known, filled, folders = set(files), {name.rpartition("/")[0] for name in files}, set()
    for name in files:
        folder, slash, file = name.rpartition("/")
        if file == REPORT.file and f"{folder}{slash}pictures" in filled:
            with contextlib.suppress(Undecodable):
                if REPORT.is_ours(load(name)):
                    folders.add(f"{folder}{slash}pictures/")
        if slash and file == "config.toml" and f"{folder}/events.jsonl" in known:
            folders.add(f"{folder}/")
    return folders


def _suffix(name: str) -> str:
    return "." + name.rpartition(".")[2].lower()


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part.lower() in SYSTEM_FILES for part in name.split("/"))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _one_split(where: str, images: list[str], choices: Choices) -> tuple[list[str], str]:
    """Return the images of the chosen split and the other split's source string."""
    tops = {name.partition("/")[0] for name in images if "/" in name}
    splits = sorted(tops & set(SPLITS), key=SPLITS.index)
    if choices.split == "all" or (not choices.split and len(splits) < 2):
        return images, ""
    if not choices.split:
        options = ", ".join(f"split={name}" for name in [*splits, "all"])
        raise DataError(
            f"{where} has the folders {' and '.join(splits)}: choose one of them with one of the options {options}"
        )
    if choices.split not in tops:
        raise DataError(
            f"{where} has no folder {choices.split!r} for split={choices.split}; it has {_some(sorted(tops))}"
        )
    other = next((name for name in splits if name != choices.split), "")
    selected = [name for name in images if name.startswith(choices.split + "/")]
    return selected, choices.spec(where, split=other) if other else ""


def _labels(where: str, images: list[str], mode: str) -> tuple[Int64[np.ndarray, " n"] | None, tuple[str, ...], str]:
    """Return labels by the outermost folder level with different names, the class names, and a note."""
    if mode == "none":
        return None, (), ""
    folders = [name.split("/")[:-1] for name in images]
    depth = 0
    while all(len(folder) > depth + 1 for folder in folders) and len({folder[depth] for folder in folders}) == 1:
        depth += 1
    loose = [name for name, folder in zip(images, folders, strict=True) if len(folder) <= depth]
    names = sorted({folder[depth] for folder in folders if len(folder) > depth}, key=natural)
    if mode == "dirs" and (loose or not names):
        raise DataError(f"{where}: labels=dirs expects every image in a class folder; {_some(loose)} is in none")
    if mode == "auto" and (loose or len(names) < 2):
        note = f"no labels: {len(loose)} images are outside the class folders" if loose and len(names) > 1 else ""
        return None, (), note
    index = {name: i for i, name in enumerate(names)}
    return np.array([index[folder[depth]] for folder in folders], np.int64), tuple(in_unicode(names)), ""


def _digest(images: Sequence[str], load: Callable[[str], bytes], background: int) -> str:
    def one(name: str) -> bytes:
        try:
            return hashlib.sha256(load(name)).digest()
        except Undecodable as error:
            return hashlib.sha256(f"unreadable: {error.reason}".encode()).digest()

    whole = hashlib.sha256(f"files on {background}:".encode())
    with ThreadPoolExecutor(4) as pool:
        for part in pool.map(one, images):
            whole.update(part)
    return whole.hexdigest()
