"""The catalogue's pages: the list of all entries, and one page for each."""

import html
import re
from pathlib import Path

from gantlet.actions import catalogue
from gantlet.core.registry import Entry


def catalogue_pages() -> dict[str, str]:
    """Return the list of all entries by kind, and a page for each entry but recipes, which have a page of their own."""
    lines = ["# Catalogue\n\nEverything here is also printed by `gantlet list` and `gantlet explain NAME`.\n"]
    pages = {}
    for kind in catalogue.KINDS:
        found = catalogue.entries(kind)
        if not found:
            continue
        lines.append(f"## {kind}\n\n| name | |\n|---|---|")
        for entry in found:
            link = f"recipes.md#{entry.name}" if kind == "recipes" else f"catalogue/{kind}/{entry.name}.md"
            summary = html.escape(entry.summary).replace("|", "&#124;")
            lines.append(f"| [{entry.name}]({link}) | {summary} |")
            if kind != "recipes":
                pages[link] = _entry_page(kind, entry)
        lines.append("")
    return {"catalogue.md": "\n".join(lines), **pages}


def _entry_page(kind: str, entry: Entry) -> str:
    """Return an entry's page: its whole docstring, source, example, and how often a metric's interval holds."""
    texts = [CODE.sub(r"<code>\1</code>", html.escape(part)) for part in entry.document.split("\n\n")]
    paragraphs = [f"<p>{HEAD.sub(STRONG, text)}</p>" for text in texts]
    source = "" if "Source: " in entry.document else f"<p><strong>Source:</strong> {html.escape(entry.source)}</p>"
    example = EXAMPLES.get(kind, "gantlet explain {name}").format(name=entry.name)
    parts = [f"# {entry.name}\n\n*{kind}*\n", *paragraphs, source, f"\n```\n{example}\n```\n", _honesty(entry.name)]
    return "\n".join(part for part in parts if part)


HEAD, STRONG = re.compile(r"^([A-Z][a-z]+( [a-z]+)*[:.]) "), r"<strong>\1</strong> "
"""The word that a paragraph of a docstring begins with: Interval: …, When it lies: …."""
CODE = re.compile("`+([^`]+)`+")
EXAMPLES = {
    "metrics": "gantlet evaluate fakes/ --real photos/ --metrics {name}",
    "extractors": "gantlet evaluate fakes/ --real photos/ --features {name}",
    "protocols": "gantlet evaluate fakes/ --real photos/ --protocol {name}",
    "objectives": "gantlet train dcgan --data photos/ --objective {name}",
    "networks": "gantlet train dcgan --data photos/ --network {name}",
    "penalties": "gantlet train dcgan --data photos/ --penalties {name}",
    "techniques": "gantlet train dcgan --data photos/ --techniques {name}",
    "sources": "gantlet evaluate fakes/ --real {name}",
    "labs": "gantlet lab {name}",
}
"""How an entry of each kind is asked for."""


def _honesty(name: str) -> str:
    """Return the rows of the tables of interval coverage that a metric has in docs/honesty.md."""
    text = (Path(__file__).parent / "honesty.md").read_text()
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, rule, *rows = table.splitlines()
        found += ["\n".join([head, rule, row]) for row in rows if row.startswith(f"| {name} |")]
    if not found:
        return ""
    return "\n\n".join(
        [
            "## How often its interval holds",
            *found,
            "What the cells are: [How often intervals hold](../../honesty.md).",
            "",
        ]
    )
