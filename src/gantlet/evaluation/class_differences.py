"""The classes that one side alone has, in words."""

import shlex
from collections.abc import Mapping, Sequence

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


def counted(numbers: Mapping[str, int]) -> str:
    """Return the first names with how many images each has, the commonest first."""
    ranked = sorted(numbers, key=lambda name: -numbers[name])
    return listed([f"{name} ({numbers[name]:,})" for name in ranked])


def way_out(theirs: Sequence[str], ours: Sequence[str]) -> str:
    """Return the option that says which of the generated images' classes is which of the real ones'; '' where none can be typed.

    Names that differ in case, spaces or the form of a number alone are paired; else the first two stand as an example.
    """
    typed = [[name for name in names if _typable(name)] for names in (theirs, ours)]
    alike = {_plain(name): name for name in typed[1]}
    pairs = [f"{name}={alike[_plain(name)]}" for name in typed[0] if _plain(name) in alike]
    whole = len(pairs) == len(theirs)
    pairs = pairs or [f"{one}={other}" for one, other in zip(*typed, strict=False)][:1]
    if not pairs:
        return ""
    value = ",".join(pairs[:SHOWN]) + ("" if whole and len(pairs) <= SHOWN else ",…")
    value = shlex.quote(value) if " " in value else value
    return f"--classes={value}" if value.startswith("-") else f"--classes {value}"


def _typable(name: str) -> bool:
    """Return whether a name can stand in the option's value."""
    return bool(name) and name == name.strip() and not set(name) & set(",=")


def _plain(name: str) -> str:
    """Return a name without what may be typing alone: case, the sort of its spaces, zeros around a number."""
    text = " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
    try:
        return repr(float(name))
    except ValueError:
        return text
