"""A .tar archive of image files, read in place and interpreted as a folder; also WebDataset's shards."""

import json
import re
import tarfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from gantlet.core.class_names import composed
from gantlet.core.errors import ConfigError, DataError
from gantlet.core.files import require_regular
from gantlet.core.words import counted
from gantlet.data import SOURCES
from gantlet.data.archive import check_names, check_size
from gantlet.data.arrays import to_labels
from gantlet.data.collection import Choices, collect, natural
from gantlet.data.decode import Undecodable
from gantlet.data.source import ImageSource

SHARDS = re.compile(r"(.*)\{(\d+)\.\.(\d+)\}(.*)")
MOST_SHARDS = 100_000
LABEL_FILES = (".cls", ".json")
BROKEN = (tarfile.TarError, OSError, EOFError, ValueError, OverflowError)
LABEL_KEYS = ("cls", "label", "class")


class Member(NamedTuple):
    """One file: its archive and its entry."""

    archive: tarfile.TarFile
    info: tarfile.TarInfo


@SOURCES.register("tar", source="POSIX.1-1988 ustar; WebDataset: Aizman, Maltby and Breuel 2019, arXiv:2001.01858")
def tar_archive(
    path: str, labels: str = "auto", split: str = "", background: str = "white", *, frames: str = "", bits: int = 0
) -> ImageSource:
    """Image files in a .tar archive, never unpacked to disk; class folders become labels, as in a folder.

    WebDataset: ``name-{000..009}.tar`` are several shards read as one; files whose names agree up to the first dot of
    their base name are one sample, and its .cls file (a class number or name) or .json file (the value of cls, label or
    class) is its label.

    Args: path: the archive or shards, not compressed; labels: auto (label files where every image has one, else class
    folders), cls (label files, required), dirs or none; split, background, frames, bits: as for ``folder``.
    Raises: DataError when it is no tar, is compressed, or holds links, names that leave the archive (../) or are given
    twice; and when label files are missing or cannot be read.
    """
    if labels not in ("auto", "cls", "dirs", "none"):
        raise ConfigError(f"option 'labels' must be one of auto, cls, dirs, none; got {labels!r}")
    choices = Choices("auto" if labels == "cls" else labels, split, background, frames, bits)
    files = _members(path, _expand(path))
    load = _loader(files)
    sidecars = {_key(name): name for name in files if Path(name).suffix.lower() in LABEL_FILES}
    sidecars |= {_key(name): name for name in files if name.lower().endswith(".cls")}
    use_label_files = labels in ("auto", "cls") and bool(sidecars or labels == "cls")
    if not use_label_files:
        return collect(path, list(files), load, choices)
    samples = [name for name in files if Path(name).suffix.lower() not in LABEL_FILES]
    source = collect(path, samples, load, replace(choices, labels="none"))
    unlabelled = [name for name in source.names if _key(name) not in sidecars]
    if unlabelled and labels == "cls":
        raise DataError(f"{path}: labels=cls expects a .cls or .json file for every image; {unlabelled[0]} has none")
    if unlabelled:
        note = f"no labels from .cls or .json files: {counted(len(unlabelled), 'image', 'have')} none, e.g. {unlabelled[0]}"
        source = collect(path, samples, load, choices)
        return replace(source, notes=(*source.notes, note))
    class_labels, classes = _labels(path, [sidecars[_key(name)] for name in source.names], load)
    spec = replace(choices, labels="auto").spec(path)
    return replace(source, spec=spec, labels=class_labels, classes=classes)


def _expand(path: str) -> list[str]:
    """Return the shards that ``name-{000..009}.tar`` stands for, or the one path."""
    match = SHARDS.fullmatch(path)
    if match is None or Path(path).exists():
        return [path]
    before, first, last, after = match.groups()
    if int(last) < int(first):
        raise DataError(f"{path} names no shards: {first} comes after {last}")
    if int(last) - int(first) >= MOST_SHARDS:
        raise DataError(
            f"{path} names {counted(int(last) - int(first) + 1, 'shard')}; at most {MOST_SHARDS:,} are read as one set"
        )
    return [f"{before}{i:0{len(first)}d}{after}" for i in range(int(first), int(last) + 1)]


def _members(path: str, archives: Sequence[str]) -> dict[str, Member]:
    """Return the regular files of all archives by name; raises DataError for anything that a folder could not hold."""
    members: list[tuple[str, Member]] = []
    for name in archives:
        require_regular(Path(name))
        try:
            archive = tarfile.open(name, "r:")  # noqa: SIM115 (stays open while the source is in use)
            infos = archive.getmembers()
            _require_end(archive)
        except BROKEN as error:
            raise DataError(
                f"{name} cannot be read as a tar archive ({error}); it may be damaged, incomplete or compressed: "
                "unpack .tar.gz with gunzip first"
            ) from error
        for info in infos:
            if not (info.isreg() or info.isdir()):
                raise DataError(f"{name} is refused: {info.name!r} is a link or device; pack it again with plain files")
            if info.isreg():
                members.append((info.name.removeprefix("./"), Member(archive, info)))
    check_names(path, [name for name, _ in members])
    return dict(members)


def _require_end(archive: tarfile.TarFile) -> None:
    """Raise TarError unless nothing but zeros follows the last member, one block at least: tarfile stops at a damaged header."""
    assert archive.fileobj is not None
    archive.fileobj.seek(archive.offset)
    found = 0
    while piece := archive.fileobj.read(2**20):
        if piece.strip(b"\0"):
            raise tarfile.ReadError(f"what follows byte {archive.offset:,} is no member")
        found += len(piece)
    if found < tarfile.BLOCKSIZE:
        raise tarfile.ReadError("it stops without the mark of its end")


def _loader(files: dict[str, Member]) -> Callable[[str], bytes]:
    lock = threading.Lock()

    def load(name: str) -> bytes:
        archive, info = files[name]
        check_size(info.size)
        try:
            with lock:
                file = archive.extractfile(info)
                data = file.read() if file else b""
        except BROKEN as error:
            raise Undecodable(f"damaged in the archive: {error}") from error
        if len(data) != info.size:
            raise Undecodable(f"damaged in the archive: {len(data)} of {counted(info.size, 'byte')}")
        return data

    return load


def _key(name: str) -> str:
    folder, slash, base = name.rpartition("/")
    return folder + slash + base.partition(".")[0]


def _labels(
    path: str, files: Sequence[str], load: Callable[[str], bytes]
) -> tuple[Int64[np.ndarray, " n"], tuple[str, ...]]:
    """Return labels from .cls and .json files: numbers as they are, otherwise names in natural order."""
    values = [composed(_value(path, name, load(name))) for name in files]
    if all(re.fullmatch(r"\d+", value) for value in values):
        return to_labels(path, np.array([int(value) for value in values]), len(values))
    names = sorted(set(values), key=natural)
    index = {name: i for i, name in enumerate(names)}
    return np.array([index[value] for value in values], np.int64), tuple(names)


def _value(path: str, name: str, data: bytes) -> str:
    try:
        text = data.decode().strip()
        if name.lower().endswith(".json"):
            table = json.loads(text)
            text = str(next(table[key] for key in LABEL_KEYS if key in table)).strip()
    except (UnicodeDecodeError, ValueError, TypeError, StopIteration, RecursionError) as error:
        raise DataError(
            f"{path}: {name} holds no label; expected a class, or JSON with one of {', '.join(LABEL_KEYS)}; "
            "or read the images alone with labels=none"
        ) from error
    if not text:
        raise DataError(f"{path}: {name} is empty; expected a class")
    return text
