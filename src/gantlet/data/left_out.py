"""Files in a folder that are no images that can be read: which kinds, how many, and what to do about them."""

from collections.abc import Sequence
from typing import NamedTuple

from gantlet.core.words import agreeing, some_of
from gantlet.data.formats import HEIF_SUFFIXES

CONVERT = "convert them to PNG or TIFF"
KINDS = (
    ("HEIC", HEIF_SUFFIXES, "install pillow-heif (pip install 'gantlet[heic]') or convert them"),
    ("RAW", (".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2", ".pef", ".srw"), CONVERT),
    ("SVG", (".svg", ".svgz"), CONVERT),
    ("PSD", (".psd", ".psb"), CONVERT),
    ("EXR", (".exr",), CONVERT),
    ("video", (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"), "extract their frames"),
)
LOUD = 0.1
"""A kind that is more than this share of the files has a sentence of its own; HEIC always has."""


class LeftOut(NamedTuple):
    """``loud``: a sentence each on kinds that matter; ``rest``: the other files; ``kinds``: those among them, as '2 RAW, 1 PSD'."""

    loud: list[str]
    rest: list[str]
    kinds: str


def left_out(others: Sequence[str], n: int) -> LeftOut:
    """Return what is to be said of the ``others`` among ``n`` files, which are no images."""
    loud, quiet, rest = [], [], list(others)
    for kind, endings, remedy in KINDS:
        files = [name for name in others if name.lower().endswith(endings)]
        if len(files) > LOUD * n or (files and kind == "HEIC"):
            loud.append(
                f"{some_of(len(files), n, 'file', 'are')} {kind} and {agreeing(len(files), 'were')} ignored: {remedy}"
            )
            taken = set(files)
            rest = [name for name in rest if name not in taken]
        elif files:
            quiet.append(f"{len(files):,} {kind}")
    return LeftOut(loud, rest, ", ".join(quiet))
