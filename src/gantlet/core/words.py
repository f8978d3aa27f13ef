"""Numbers in sentences: nouns in the singular or the plural, and verbs that agree with them."""


def an(noun: str) -> str:
    """Return a noun with its article."""
    return f"{'an' if noun[:1].lower() in 'aeio' else 'a'} {noun}"


def counted(n: int | float | None, noun: str, verb: str = "") -> str:
    """Return a number with its noun, in the plural unless it is one: ``1 image``, ``1,200 images``, ``2 classes``.

    ``verb``: what follows, in the plural: ``counted(1, "image", "are")`` is ``1 image is``. None is an unknown number.
    """
    number = "an unknown number of" if n is None else f"{n:g}" if isinstance(n, float) else f"{n:,}"
    said = [number, noun if n == 1 else _plural(noun), *([agreeing(n, verb)] if verb else [])]
    return " ".join(said)


def every(n: int, noun: str, verb: str = "") -> str:
    """Return ``all 7 images are``, or of one ``the one image is``; ``verb``: as in `counted`."""
    return f"the one {counted(1, noun, verb).removeprefix('1 ')}" if n == 1 else f"all {counted(n, noun, verb)}"


def some_of(n: int, total: int, noun: str, verb: str = "", of: str = "of") -> str:
    """Return ``1 of 5 images is``, ``2 of 5 images are``, ``0 of 1 image is``; ``verb``: as in `counted`; ``of``: or ``of the``."""
    said = [f"{n:,} {of} {counted(total, noun)}", *([agreeing(1 if total == 1 else n, verb)] if verb else [])]
    return " ".join(said)


def _plural(noun: str) -> str:
    if noun.endswith("axis"):
        return f"{noun[:-2]}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch")) else f"{noun}s"


def agreeing(n: int | float | None, verb: str) -> str:
    """Return a verb, given in the plural, as its number wants it: ``are``, of one ``is``; ``equal``, of one ``equals``."""
    return {"are": "is", "were": "was", "have": "has", "do": "does"}.get(verb, f"{verb}s") if n == 1 else verb
