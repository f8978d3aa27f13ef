"""A griffe extension: docstrings as pages show them, with examples in fences and a paragraph for each part (Args, Returns, Raises …)."""

import re
from typing import Any

from griffe import Extension, Object

EXAMPLE = re.compile(r"(?:^(?:>>>|\.\.\.).*\n?)+", re.MULTILINE)
PART = re.compile(
    r"(?:^|(?<=[.;)] ))(Args|Returns|Raises|Convention|Source|When it lies|When to use it|Interval|Option|Options): ",
    re.MULTILINE,
)


def shown(text: str) -> str:
    """Return a docstring with its examples as code and its parts as paragraphs."""
    pieces, start = [], 0
    for example in EXAMPLE.finditer(text):
        code = re.sub(r" *# doctest: \+SKIP", "", example[0]).rstrip()
        pieces += [_parts(text[start : example.start()]), f"\n```pycon\n{code}\n```\n\n"]
        start = example.end()
    return "".join([*pieces, _parts(text[start:])])


def _parts(text: str) -> str:
    return PART.sub(r"\n\n**\1:** ", text)


class Shown(Extension):
    """Rewrite every docstring of the package when it is collected."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        """Rewrite one object's docstring."""
        if obj.docstring is not None:
            obj.docstring.value = shown(obj.docstring.value)
