"""Helpers of folders and archives: select the image files, their order and their classes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.files import SYSTEM_FILES
from gantlet.core.specs import format_spec
from gantlet.core.words import counted
from gantlet.data.clips import clip_note
from gantlet.data.decode import BACKGROUNDS, decode
from gantlet.data.folder_labels import SPLITS, folder_labels
from gantlet.data.formats import HEIF_SUFFIXES, heif_opens
from gantlet.data.frames import choose, require_frames
from gantlet.data.left_out import left_out
from gantlet.data.own_results import own_results
from gantlet.data.source import ImageSource
from gantlet.data.survey import SHALLOW, Survey, survey
from gantlet.data.transparency import vanished

SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "dib", "tif", "tiff", "webp", "avif", "apng"),
        *("ppm", "pgm", "pbm", "pnm", "jp2", "j2k", "tga"),
    )
)


@dataclass(frozen=True)
class Choices:
    """The options of folder, zip and tar.

    ``labels``: auto, dirs or none; ``split``: a top-level folder or all; ``background``: white or black; ``frames``: empty
    (the first of each file), all, or a number from 0; ``bits``: how many of 16 bits gray files use, 8 to 16 (0: all 16).
    """

    labels: str = "auto"
    split: str = ""
    background: str = "white"
    frames: str = ""
    bits: int = 0

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("labels", self.labels, ("auto", "dirs", "none")),
            ("background", self.background, tuple(BACKGROUNDS)),
        ):
            if value not in allowed:
                raise ConfigError(f"option {name!r} must be one of {', '.join(allowed)}; got {value!r}")
        require_frames(self.frames)
        if self.bits not in (0, *range(8, 17)):
            raise ConfigError(f"option 'bits' must be 8 to 16; got {self.bits}")

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
    total = len(images)
    images, held_out = _one_split(where, images, choices)
    images.sort(key=natural)
    known = survey(images, load, depth=choices.bits or max(SHALLOW))
    _require_bits(where, images, known, choices.bits)
    found = folder_labels(where, images, choices.labels, natural, total)
    chosen = choose(where, images, known.counts, choices.frames)
    formats = known.formats
    background, bits = BACKGROUNDS[choices.background], choices.bits or 16
    transparent = any(fact.transparent for fact in known.facts)
    on = f"transparent pixels, if any, are composited on {choices.background}" if transparent else ""

    def read(i: int, level: int = background) -> UInt8[np.ndarray, "h w c"]:
        return decode(load(images[chosen.files[i]]), level, frame=chosen.frames[i], bits=bits)

    lost = vanished(len(chosen.names), read, choices.background) if transparent else ""

    return ImageSource(
        spec=choices.spec(where),
        names=chosen.names,
        read=read,
        digest=_digest(known, choices),
        labels=None if found.labels is None else found.labels[chosen.files],
        classes=found.classes,
        held_out=held_out,
        notes=tuple(
            filter(None, [*notes, chosen.note, _depth_note(known, choices.bits), clip_note(images), found.note, lost])
        ),
        remarks=tuple(filter(None, [found.remark, on])),
        formats=[formats[i] for i in chosen.files],
    )


def _digest(known: Survey, choices: Choices) -> str:
    """Return the SHA-256 over contents and options, as far as these change any pixel."""
    several = choices.frames not in ("", "0") and max(known.counts) > 1
    options = f"frames {choices.frames}:" if several else ""
    options += f"bits {choices.bits}:" if choices.bits not in (0, 16) and known.largest >= 0 else ""
    return known.digest(BACKGROUNDS[choices.background], options)


def _require_bits(where: str, images: Sequence[str], known: Survey, bits: int) -> None:
    """Raise DataError where a file uses more bits than given."""
    too_deep = [i for i, fact in enumerate(known.facts) if bits and fact.largest >= 2**bits]
    if too_deep:
        name, largest = images[too_deep[0]], known.facts[too_deep[0]].largest
        raise DataError(
            f"{where}: {name} holds the value {largest:,}, more than bits={bits} can hold ({2**bits - 1:,})"
        )


def _depth_note(known: Survey, bits: int) -> str:
    if bits or not known.bits:
        return ""
    return (
        f"the 16-bit gray files hold values below {2**known.bits:,} only, which are almost black in 16 bits; "
        f"[bits={known.bits}] reads them in {known.bits}, [bits=16] as they are"
    )


def _images(where: str, files: Sequence[str], load: Callable[[str], bytes]) -> tuple[list[str], list[str]]:
    results = own_results(files, load)
    ours = {name for name in files if results and not results.isdisjoint([name, *_folders(name)])}
    visible = [name for name in files if name not in ours and not _hidden(name)]
    suffixes = SUFFIXES | frozenset(HEIF_SUFFIXES if heif_opens() else ())
    images = [name for name in visible if _suffix(name) in suffixes]
    others = sorted(set(visible) - set(images), key=natural)
    notes, rest, kinds = left_out(others, len(visible))
    if not images:
        content = f"{counted(len(files), 'file')} ({_some(sorted(files, key=natural))})" if files else "no files at all"
        why = "".join(f"; {note}" for note in notes)
        raise DataError(f"{where} holds no images: found {content}; expected files such as .png or .jpg{why}")
    if rest:
        among = f" ({kinds})" if kinds else ""
        notes.append(f"ignored {counted(len(rest), 'file')} without an image suffix{among}: {_some(rest)}")
    if ours:
        notes.append(
            f"ignored {counted(len(ours), 'file')} of gantlet's own reports and runs: {_some(sorted(results, key=natural))}"
        )
    hidden = sorted(set(files) - set(visible) - ours, key=natural)
    if hidden:
        notes.append(f"ignored {len(hidden)} hidden or system files: {_some(hidden)}")
    return images, notes


def _folders(name: str) -> list[str]:
    """Return all folders around a file, each with / at its end."""
    return [name[: i + 1] for i, character in enumerate(name) if character == "/"]


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
