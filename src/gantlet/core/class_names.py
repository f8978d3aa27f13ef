"""Names of classes in one form, so that a name is the same wherever it was read."""

import unicodedata
from collections.abc import Sequence


def composed(text: str) -> str:
    """Return a text in Unicode's normal form C: é is one character, also where a file system stores e and an accent.

    Source: Unicode Standard Annex 15.
    """
    return unicodedata.normalize("NFC", text)


def merged(names: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """Return the names composed, each once in the order given, and for each name given its index among them."""
    whole = [composed(name) for name in names]
    index = {name: i for i, name in enumerate(dict.fromkeys(whole))}
    return tuple(index), [index[name] for name in whole]
