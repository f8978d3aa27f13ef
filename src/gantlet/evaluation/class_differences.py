"""The classes that one side alone has, in words."""

import shlex
from collections.abc import Mapping, Sequence

PAIRS = 100
"""How many pairs of names the option that is shown has at most."""
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


def with_numbers(numbers: Mapping[str, int]) -> str:
    """Return the first names with how many images each has, the commonest first."""
    ranked = sorted(numbers, key=lambda name: -numbers[name])
    return listed([f"{name} ({numbers[name]:,})" for name in ranked])


def way_out(theirs: Sequence[str], ours: Sequence[str]) -> str:
    """Return the option that says which of the generated images' classes is which of the real ones'; '' where none can be typed.

    Names that differ in case, spaces or the form of a number alone are paired, and numbers that are all shifted by one number; else
    the first two stand as an example, unless both sides are numbers.
    """
    paired = alike(theirs, ours) or shifted(theirs, ours)
    pairs = [f"{one.strip()}={other.strip()}" for one, other in paired.items() if _typable(one) and _typable(other)]
    whole = len(pairs) == len(theirs)
    if not pairs and not all(map(_is_number, (*theirs, *ours))):
        typed = [[name.strip() for name in names if _typable(name)] for names in (theirs, ours)]
        pairs = [f"{one}={other}" for one, other in zip(*typed, strict=False)][:1]
    if not pairs:
        return ""
    return _option(",".join(pairs[:PAIRS]) + ("" if whole and len(pairs) <= PAIRS else ",…"))


def as_named(names: Sequence[str]) -> str:
    """Return the option that says that classes of different names differ: the first of ``names``, which both sides have, is itself."""
    typed = [name.strip() for name in names if _typable(name)]
    return _option(f"{typed[0]}={typed[0]}") if typed else ""


def _option(value: str) -> str:
    value = shlex.quote(value) if " " in value else value
    return f"--classes={value}" if value.startswith("-") else f"--classes {value}"


def alike(theirs: Sequence[str], ours: Sequence[str]) -> dict[str, str]:
    """Return which names are the same but for case, spaces or the form of a number: the second set's, with the first one's."""
    known = {_plain(name): name for name in ours}
    return {name: known[_plain(name)] for name in theirs if _plain(name) in known and known[_plain(name)] != name}


def shifted(theirs: Sequence[str], ours: Sequence[str]) -> dict[str, str]:
    """Return numbers of classes that are the other set's plus one number (1 … 10 for 0 … 9), with the other set's; {} where they are not."""
    if not all(map(str.isdecimal, (*theirs, *ours))) or len(theirs) != len(ours) or len(theirs) < 2:
        return {}
    sides = [sorted(names, key=int) for names in (theirs, ours)]
    steps = {int(one) - int(other) for one, other in zip(*sides, strict=True)}
    return dict(zip(*sides, strict=True)) if len(steps) == 1 and steps != {0} else {}


def _typable(name: str) -> bool:
    """Return whether a name, without spaces around it, can stand in the option's value."""
    return bool(name.strip()) and not set(name) & set(",=")


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _plain(name: str) -> str:
    """Return a name without what may be typing alone: case, the sort of its spaces, zeros around a number."""
    text = " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
    try:
        return repr(float(name))
    except ValueError:
        return text
