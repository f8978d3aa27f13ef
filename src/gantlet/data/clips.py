"""Frames of clips, suspected by the names of the files."""

import re
from collections import Counter
from collections.abc import Sequence

from gantlet.core.words import counted
from gantlet.data.folder_labels import CLIPS, PARTS, is_clip

FEW, MANY = 4, 8
"""Images per clip on average, at least: where the names say so in words, and where numbers alone do."""
_TRAILING = re.compile(r"(?P<stem>.*?)(?P<word>(?:frame|frm|img_frame)s?)?[ _.-]*(?P<number>\d+)", re.IGNORECASE)
_CLIP = re.compile(rf"(?:.*[^a-z])?(?:{CLIPS})[ _.-]*\d+[ _.-]*", re.IGNORECASE)
_PART = re.compile(
    rf"(?:.*[^a-z])?(?:{PARTS}|class|label|category|type|digit|prompt|sample)[ _.-]*\d+[ _.-]*", re.IGNORECASE
)
_WORDNET = re.compile(r"n\d{8}[ _.-]*")


def clip_note(names: Sequence[str]) -> str:
    """Return a sentence where at least half the files look like frames of clips; else ''.

    A clip is a folder named as one (clip_003), or the files that differ in a number at the end alone, where what
    precedes it names a clip (clip_003_0001.png), or the number is called a frame (cat_frame_0001.png), with 4 images per clip
    on average; or where at least three such sets of unnamed kind (g01-c02_0001.png) hold 8 images on average, most of their
    numbers without gaps. Numbers of one set (img_0001.png) and of parts (rank3_0001.png, 7_0001.png) are no clips.
    """
    in_folders = 0
    clips, unnamed, last = Counter[str](), Counter[str](), dict[str, tuple[int, int]]()
    for name in names:
        folder, _, base = name.rpartition("/")
        match = _TRAILING.fullmatch(base.rpartition(".")[0])
        if is_clip(folder.rpartition("/")[2]):
            clips[folder] += 1
            in_folders += 1
        elif match and (match["word"] or _CLIP.fullmatch(match["stem"])):
            clips[f"{folder}/{match['stem']}"] += 1
        elif match and _unnamed(match["stem"], folder):
            key, number = f"{folder}/{match['stem']}", int(match["number"])
            unnamed[key] += 1
            low, high = last.get(key, (number, number))
            last[key] = min(low, number), max(high, number)
    spans = sum(high - low + 1 for low, high in last.values())
    dense = len(unnamed) > 2 and unnamed.total() >= MANY * len(unnamed) and unnamed.total() >= spans / 2
    clips += unnamed if dense else Counter()
    if not clips or clips.total() < max(FEW * len(clips), len(names) / 2):
        return ""
    how = "parent" if 2 * in_folders >= clips.total() else "stem"
    return (
        f"the names suggest frames of {counted(len(clips), 'clip')} ({counted(clips.total(), 'image')}): frames of one clip are dependent, "
        f"and intervals are too narrow unless --groups {how} is given"
    )


def _unnamed(stem: str, folder: str) -> bool:
    """Return whether a stem has letters and a number of its own, and is no part of a set and no class, as its folder or WordNet names it."""
    letters, digits = re.search(r"[^\W\d_]", stem), re.search(r"\d", stem)
    named = stem.strip(" _.-") in folder.split("/") or _PART.fullmatch(stem) or _WORDNET.fullmatch(stem)
    return bool(letters and digits and not named)
