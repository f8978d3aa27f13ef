"""Classes from folders, and folders that are none: shards, clips, dates, resolutions, splits."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from gantlet.core.class_names import composed
from gantlet.core.errors import DataError
from gantlet.core.visible import in_unicode
from gantlet.core.words import counted

SPLITS = ("train", "test", "val", "valid", "validation")
PARTS = "rank|part|shard|worker|chunk|batch|block|process|proc|job|gpu|node|fold|subset|split|disk|volume|vol|seed|step|epoch|iter"
CLIPS = "clip|video|vid|movie|scene|shot|sequence|seq|take|session|episode|recording|track|trajectory|traj"
MANY = 10
"""As many classes are believed in any case; more only where they have at least as many images each."""
_NUMBERED = r"(?:{words})s?[ _.-]*\d[\d _.-]*(?:of[ _.-]*\d+)?[a-z]?"
_PART = re.compile(_NUMBERED.format(words=PARTS), re.IGNORECASE)
_CLIP = re.compile(_NUMBERED.format(words=CLIPS), re.IGNORECASE)
_PADDED = re.compile(r"\d{4,}")
_NUMBER = re.compile(r"\d+")
_MONTH, _DAY = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"(?:(?:19|20)\d\d(?:[-_.]?{_MONTH}(?:[-_.]?{_DAY})?)?|{_DAY}[-_.]{_MONTH}[-_.](?:19|20)\d\d)(?:[T _-]+[\d:hms.-]+)?"
)
_RESOLUTION = re.compile(r"\d+\s*[x×]\s*\d+(?:px|p)?|\d+(?:px|p)", re.IGNORECASE)
ROUND = 100
"""Shards of plain numbers hold a multiple of so many files each, the last one fewer."""


class FolderLabels(NamedTuple):
    """Labels and classes, or none; ``note``: what is wrong; ``remark``: what was inferred, and how to have it otherwise."""

    labels: Int64[np.ndarray, " n"] | None = None
    classes: tuple[str, ...] = ()
    note: str = ""
    remark: str = ""


def is_clip(folder: str) -> bool:
    """Return whether a folder's name is a clip's: clip_003, video12, scene-4, take_2 …"""
    return _CLIP.fullmatch(folder) is not None


def structure(sizes: dict[str, int]) -> str:
    """Return what folders of these names and numbers of images look like, if not like classes; else ''."""
    names = list(sizes)
    patterns = {
        "the splits of a set": lambda name: name.lower() in SPLITS,
        "parts of a set": lambda name: bool(_PART.fullmatch(name)),
        "clips": is_clip,
        "dates": lambda name: bool(_DATE.fullmatch(name)),
        "resolutions": lambda name: bool(_RESOLUTION.fullmatch(name)),
    }
    for what, fits in patterns.items():
        if all(map(fits, names)):
            return what
    padded = all(map(_PADDED.fullmatch, names)) and len(set(map(len, names))) == 1
    if padded and any(name.startswith("0") for name in names):
        return "the shards of a set"
    return "the shards of a set" if all(map(_NUMBER.fullmatch, names)) and _filled(sizes) else ""


def _filled(sizes: dict[str, int]) -> bool:
    """Return whether all folders but the last hold the same round number of images, and the last fewer; from three on."""
    *full, last = (sizes[name] for name in sorted(sizes, key=int))
    return len(full) > 1 and len(set(full)) == 1 and full[0] % ROUND == 0 and last < full[0]


def folder_labels(
    where: str, images: Sequence[str], mode: str, key: Callable[[str], object], total: int = 0
) -> FolderLabels:
    """Return labels by the outermost folder level with different names, in the order of ``key``.

    ``auto``: not where images lie outside these folders, where the names speak of structure and not of classes, and where
    there are more than ten classes and more than one for ten images (of the ``total`` of all splits). ``dirs``: in any
    case. ``none``: never. A level of split names above another one is passed over. Names are compared in Unicode's form C.
    """
    if mode == "none":
        return FolderLabels()
    folders = [composed(name).split("/")[:-1] for name in images]
    depth = _level(folders)
    loose = [name for name, folder in zip(images, folders, strict=True) if len(folder) <= depth]
    sizes = Counter(folder[depth] for folder in folders if len(folder) > depth)
    names = sorted(sizes, key=key)  # type: ignore[arg-type]
    if mode == "dirs" and (loose or not names):
        some = ", ".join(loose[:3]) + (", …" if len(loose) > 3 else "")
        raise DataError(f"{where}: labels=dirs expects every image in a class folder; {some} is in none")
    if mode == "auto" and (loose or len(names) < 2):
        note = (
            f"no labels: {counted(len(loose), 'image', 'are')} outside the class folders"
            if loose and len(names) > 1
            else ""
        )
        return FolderLabels(note=note)
    index = {name: i for i, name in enumerate(names)}
    found = FolderLabels(np.array([index[folder[depth]] for folder in folders], np.int64), tuple(in_unicode(names)))
    if mode == "dirs":
        return found
    doubt = _doubt(sizes, names, max(total, len(images)))
    if doubt:
        return FolderLabels(remark=f"no labels: {doubt}; [labels=dirs] takes them as classes")
    return found._replace(remark=f"labels: {counted(len(names), 'class')} from the folders {_some(names)}")


def _level(folders: Sequence[Sequence[str]]) -> int:
    depth = 0
    while all(len(folder) > depth + 1 for folder in folders):
        names = {folder[depth] for folder in folders}
        if len(names) > 1 and not names <= set(SPLITS):
            break
        depth += 1
    return depth


def _doubt(sizes: dict[str, int], names: Sequence[str], n: int) -> str:
    if what := structure(sizes):
        return f"the folders {_some(names)} look like {what}"
    if len(names) > max(MANY, n / 10):
        return f"{counted(len(names), 'folder')} for {counted(n, 'image')} are many for classes"
    return ""


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
