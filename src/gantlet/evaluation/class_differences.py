"""The classes that one side alone has, in words."""

from collections.abc import Sequence

SHOWN = 10
"""How many names of classes a sentence lists."""


def differences(only_real: Sequence[str], only_fake: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that one side alone has, as a note."""
    parts = [
        f"{side} images only: {listed(names)}"
        for side, names in (("real", only_real), ("generated", only_fake))
        if names
    ]
    return (f"computed on the classes of both sides; left out, of {'; of '.join(parts)}",) if parts else ()


def listed(names: Sequence[str]) -> str:
    """Return the first names, separated by commas."""
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
