"""What the files of both sides say: notes of how they were read, and whether one side alone was compressed."""

from collections import Counter
from collections.abc import Sequence

from gantlet.data.kinds import Source

LOSSY = ("JPEG", "WebP", "AVIF", "HEIC", "JPEG 2000")
"""Formats that usually lose detail."""
APART = 0.1
"""The shares of lossy files on both sides may differ by so much before it is said."""


def answered(notes: Sequence[str], groups: str) -> tuple[str, ...]:
    """Return the notes without the advice to give ``--groups`` that has been followed."""
    return tuple(
        note.removesuffix(f", and intervals are too narrow unless --groups {groups} is given") for note in notes
    )


def said_of(*roles: tuple[str, Source]) -> tuple[str, ...]:
    """Return the notes of how several sources were read, each after the role of its source."""
    return tuple(f"{role}: {note}" for role, source in roles for note in source.notes)


def said_of_further(real: Source, *roles: tuple[str, Source | None]) -> tuple[str, ...]:
    """Return the notes of how further real sources were read, each after its role, but none that the real images have too."""
    given = [(role, source) for role, source in roles if source is not None and source.digest != real.digest]
    return tuple(f"{role}: {note}" for role, source in given for note in source.notes if note not in real.notes)


def said_of_both(real: Sequence[str], fake: Sequence[str]) -> tuple[str, ...]:
    """Return the notes on both sides, each after the side that it is about where it is about one alone."""
    notes = [note if note in fake else f"real images: {note}" for note in real]
    notes += [f"generated images: {note}" for note in fake if note not in real]
    return tuple(dict.fromkeys(notes))


def compression(real: Source, fake: Source, name: str = "generated") -> list[str]:
    """Return a sentence where the shares of lossily compressed files differ by more than a tenth, else nothing.

    Each lossy format is compared by itself: JPEG against WebP is a difference too. Files of unknown format, and sources
    without files, are not compared.
    """
    sides = [[name for name in source.formats if name] for source in (real, fake)]
    if not all(sides):
        return []
    shares = [{name: count / len(side) for name, count in Counter(side).items()} for side in sides]
    if all(abs(shares[0].get(name, 0) - shares[1].get(name, 0)) <= APART for name in LOSSY):
        return []
    others = "generated ones" if name == "generated" else f"those of {name}"
    return [
        f"real images are {_listed(shares[0])} files, {others} {_listed(shares[1])}: compression alone changes every number"
    ]


def _listed(shares: dict[str, float]) -> str:
    """Return the formats in words, the commonest first, with their shares where there are several."""
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    if len(ranked) == 1:
        return ranked[0][0]
    return " and ".join(f"{name} ({share:.0%})" for name, share in ranked[:3])
