"""Files of several frames: which frames become images, and what is said about it."""

from collections.abc import Sequence
from typing import NamedTuple

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.words import counted

MOST = 10_000_000
"""Images that the frames of a set may become."""


class Chosen(NamedTuple):
    """The images: for each its file's index and the frame in it, and its name; ``note``: what is said about it."""

    files: list[int]
    frames: list[int]
    names: list[str]
    note: str = ""


def require_frames(text: str) -> None:
    """Raise ConfigError unless the option is empty, all, or a frame's number from 0."""
    if text not in ("", "all") and not (text.isascii() and text.isdecimal()):
        raise ConfigError(f"option 'frames' must be all or a frame's number, counted from 0; got {text!r}")


def choose(where: str, files: Sequence[str], counts: Sequence[int], frames: str) -> Chosen:
    """Return the images that ``frames`` takes: the first of each file (empty), frame k of each, or all, as ``file.gif#3``.

    Args: counts: the frames of each file, 0 for one of unknown format, which stays one image.
    Raises: DataError when a file has no frame k, or all frames are too many.
    """
    every = list(range(len(files)))
    if frames == "all":
        return _all(where, files, counts)
    if frames:
        k = int(frames)
        short = [i for i, count in enumerate(counts) if 0 < count <= k]
        if short:
            raise DataError(
                f"{where}: there is no frame {k}, counted from 0, in {len(short):,} of {counted(len(files), 'file')}, e.g. {files[short[0]]} "
                f"(frames: {counts[short[0]]})"
            )
        return Chosen(every, [k] * len(files), list(files))
    note = first_frames(counts)
    return Chosen(
        every, [0] * len(files), list(files), f"{note} ([frames=all] or [frames=k] take others)" if note else ""
    )


def first_frames(counts: Sequence[int]) -> str:
    """Return a sentence on the files of several frames, of which the first is used; '' where there are none."""
    several = [count for count in counts if count > 1]
    return f"{_hold(several)}; the first of each is used" if several else ""


def _all(where: str, files: Sequence[str], counts: Sequence[int]) -> Chosen:
    total = sum(max(1, count) for count in counts)
    if total > MOST:
        raise DataError(f"{where}: frames=all gives {counted(total, 'image')}; at most {MOST:,} are taken from one set")
    pairs = [(i, frame) for i, count in enumerate(counts) for frame in range(max(1, count))]
    names = [f"{files[i]}#{frame}" if counts[i] > 1 else files[i] for i, frame in pairs]
    several = [count for count in counts if count > 1]
    note = f"{_hold(several)}, all used: frames of one file are dependent, and intervals are too narrow unless --groups stem is given"
    return Chosen([i for i, _ in pairs], [frame for _, frame in pairs], names, note if several else "")


def _hold(several: Sequence[int]) -> str:
    return f"{counted(len(several), 'file', 'hold')} {counted(sum(several), 'frame')}"
