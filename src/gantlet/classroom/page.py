"""The page of the class room: one HTML file with all styles, scripts and numbers inside."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from gantlet.classroom.games import GAMES, SHAPES, settings
from gantlet.core.version import __version__

ASSETS = Path(__file__).parent / "assets"
MARK = '<meta name="generator" content="gantlet classroom '
"""Every such page has it, and no other file is replaced by one."""
LARGEST = 500_000
"""Bytes."""


@cache
def scripts() -> str:
    """Return the page's scripts in their order, as one."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(ASSETS.glob("*.js")))


def render(data: Mapping[str, Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]) -> str:
    """Return the page as HTML text.

    Args: data: per data set ``centres`` [k][2], ``sigma``, ``pieces``, ``each``, ``title``, ``counted`` and the ``command`` of
    `gantlet train`; answers: the questions with what was measured (see `answers`).
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    games = {name: settings(name) for name in GAMES}
    numbers = json.dumps({"games": games, "data": data}, ensure_ascii=False, separators=(",", ":"))
    return environment.get_template("page.html").render(
        version=__version__,
        games=games,
        shapes=SHAPES,
        answers=answers,
        style=Markup((ASSETS / "style.css").read_text(encoding="utf-8")),
        numbers=Markup(numbers.replace("<", "\\u003c")),
        scripts=Markup(scripts().replace("</script", "<\\/script")),
    )
